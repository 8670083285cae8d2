--- Rings: lists that go round, one value at each call, nested as deep as you like.
-- `ring { ... }` makes one; calling it gives the next value. An element that is a ring gives one value of its own each
-- time it is reached. Every phrase runs the script anew, so a ring's place is kept in the piece's state with `:keep`:
-- plain data, which also survives when the ring gets longer or shorter while the piece plays. Elements may be anything
-- but nil; `false` makes a good rest.
-- @module ring
-- @usage local tune = ring { 0, 2, ring { 4, 6 }, ring { 9, 7 }:every(2) }:keep(state, "tune")
-- { tune(), tune(), tune(), tune(), tune(), tune(), tune(), tune() } --> { 0, 2, 4, 0, 2, 6, 9, 0 }
local check = require "check"

local SKIP = {}
local ORDERS = { "forward", "backward", "pendulum", "random" }

local ring_methods = {}
local ring_meta = { __index = ring_methods }
local ring = {}

--- Whether a value is a ring.
-- @param value anything
-- @usage ring.is(ring { 1 }) --> true
function ring.is(value)
    return type(value) == "table" and getmetatable(value) == ring_meta
end

-- Gives every ring in a tree a number, in the order in which they are written: its place in the list of playheads.
local function number(node, tree)
    if not tree.ids[node] then
        tree.n = tree.n + 1
        tree.ids[node] = tree.n
        for _, element in ipairs(node.list) do
            if ring.is(element) then
                number(element, tree)
            end
        end
    end
    return tree
end

-- A playhead: the place of the next value, how often the ring was reached, values left of this visit.
local function head_of(root, node)
    local id = root.tree.ids[node]
    local head = root.heads[id]
    if type(head) ~= "table" or type(head.at) ~= "number" or type(head.visits) ~= "number" then
        head = { at = 1, visits = 0, left = 0 }
        root.heads[id] = head
    end
    head.at = (head.at - 1) % #node.list + 1
    return head
end

local function turn(node, head)
    local n = #node.list
    if node.way == "backward" then
        head.at = (head.at - 1 - node.stride) % n + 1
    elseif node.way == "pendulum" and n > 1 then
        local at = head.at + (head.back and -1 or 1) * node.stride
        if at < 1 or at > n then
            head.back = not head.back
            at = at < 1 and 2 - at or 2 * n - at
        end
        head.at = (at - 1) % n + 1
    else
        head.at = (head.at - 1 + node.stride) % n + 1
    end
end

-- The next value of a ring, or SKIP; and whether it wants to be asked again before its parent goes on. depth: how many
-- calls lie between this one and the piece.
local function pull(root, node, stream, depth)
    local head = head_of(root, node)
    if (head.left or 0) <= 0 then
        head.visits = head.visits + 1
        if head.visits % node.nth ~= 0 or head.visits / node.nth > node.most then
            return SKIP
        end
        head.left = node.burst == "all" and #node.list or node.burst
    end
    head.left = head.left - 1
    for _ = 1, #node.list do
        if node.way == "random" then
            head.at = check.stream(stream, depth):int(1, #node.list)
        end
        local value, again = node.list[head.at], false
        if ring.is(value) then
            value, again = pull(root, value, stream, depth + 1)
        end
        if not again then
            turn(node, head)
        end
        if value ~= SKIP then
            return value, head.left > 0
        end
    end
    head.left = 0
    return SKIP
end

--- Makes a ring.
-- @function ring { ... }
-- @param ... the values, in order: at least one
-- @usage local bass = ring { 0, 0, 7, ring { 5, 3 } }
-- { bass(), bass(), bass(), bass() } --> { 0, 0, 7, 5 }
local function new(_, list)
    check.list("the ring's list", list, 1)
    local own = {}
    for i = 1, #list do
        own[i] = list[i]
    end
    return setmetatable({ list = own, stride = 1, nth = 1, most = math.huge, burst = 1, way = "forward", heads = {} },
        ring_meta)
end

-- The tree is numbered when it is first used: until then rings may be put into others.
local function grown(root)
    root.tree = root.tree or number(root, { ids = {}, n = 0 })
    return root
end

--- The next value: the same as calling the ring. nil when the ring is silent this time (`:every`, `:times`).
-- @param stream a random stream; only rings with a random order inside need it
-- @usage local tune = ring { 60, 62 }
-- { tune:next(), tune(), tune() } --> { 60, 62, 60 }
function ring_methods:next(stream)
    local value = pull(grown(self), self, stream, 1)
    if value ~= SKIP then
        return value
    end
end

ring_meta.__call = ring_methods.next

--- The next n values as a list; a value that is left out (`:every`, `:times`) is false in it.
-- @param n how many, 0 to 4096
-- @param stream as for `ring:next`
-- @usage ring({ 1, 2, 3 }):take(5) --> { 1, 2, 3, 1, 2 }
function ring_methods:take(n, stream)
    check.whole("n", n, 0, 4096)
    local out = {}
    for i = 1, n do
        local value = pull(grown(self), self, stream, 1)
        out[i] = value ~= SKIP and value
    end
    return out
end

--- Keeps the ring's place (and those of the rings in it) in a table, under a name: call it before the first value.
-- @param state the piece's state, or a table in it; changed in place with every value
-- @param name a text that nothing else in that table has
-- @return the ring itself
-- @usage ring({ 1, 2, 3 }):keep(state, "count"):take(2) --> { 1, 2 }
-- ring({ 1, 2, 3 }):keep(state, "count"):take(2) --> { 3, 1 }
function ring_methods:keep(state, name)
    check.kind("the state", state, "table")
    check.kind("the name", name, "string")
    if type(state[name]) ~= "table" then
        state[name] = {}
    end
    self.heads = state[name]
    return self
end

--- How far the ring turns after each value.
-- @param n whole number; 1 is the usual, 2 leaves out every second value, negative turns back
-- @return the ring itself
-- @usage ring({ 1, 2, 3, 4, 5 }):step(2):take(5) --> { 1, 3, 5, 2, 4 }
function ring_methods:step(n)
    check.whole("step", n)
    self.stride = n
    return self
end

--- Which way it goes: "forward", "backward", "pendulum" (there and back, ends once) or "random" (values are drawn from
-- the stream given to the call).
-- @param way one of these names
-- @return the ring itself
-- @usage ring({ 1, 2, 3 }):order("pendulum"):take(6) --> { 1, 2, 3, 2, 1, 2 }
-- ring({ 1, 2, 3 }):order("backward"):take(4) --> { 1, 3, 2, 1 }
function ring_methods:order(way)
    check.one_of("order", way, ORDERS)
    self.way = way
    return self
end

--- Only every n-th time it is reached does it give a value; else the ring around it goes on to its next element.
-- @param n 1 or more
-- @return the ring itself
-- @usage ring({ 1, ring({ 8, 9 }):every(2) }):take(6) --> { 1, 1, 8, 1, 1, 9 }
function ring_methods:every(n)
    check.whole("every", n, 1)
    self.nth = n
    return self
end

--- Only the first n times does it give a value, then never again.
-- @param n 0 or more
-- @return the ring itself
-- @usage ring({ 1, ring({ 8, 9 }):times(1) }):take(4) --> { 1, 8, 1, 1 }
function ring_methods:times(n)
    check.whole("times", n, 0)
    self.most = n
    return self
end

--- How many values it gives in a row before the ring around it goes on.
-- @param n 1 or more, or "all" for as many as it has elements
-- @return the ring itself
-- @usage ring({ 1, ring({ 8, 9 }):count(2) }):take(4) --> { 1, 8, 9, 1 }
-- ring({ 1, ring({ 7, 8, 9 }):count("all") }):take(5) --> { 1, 7, 8, 9, 1 }
function ring_methods:count(n)
    if n ~= "all" then
        check.whole("count", n, 1)
    end
    self.burst = n
    return self
end

--- Goes to an element: the next value is that one.
-- @param i 1 to the number of elements
-- @return the ring itself
-- @usage ring({ 1, 2, 3 }):select(3):take(2) --> { 3, 1 }
function ring_methods:select(i)
    check.whole("i", i, 1, #self.list)
    local head = head_of(grown(self), self)
    head.at, head.left, head.back = i, 0, nil
    return self
end

--- Begins anew: this ring and all rings in it.
-- @return the ring itself
-- @usage local tune = ring { 1, 2, 3 }
-- { tune(), tune(), tune:reset():next() } --> { 1, 2, 1 }
function ring_methods:reset()
    for id = 1, grown(self).tree.n do
        self.heads[id] = { at = 1, visits = 0, left = 0 }
    end
    return self
end

return setmetatable(ring, { __call = new })
