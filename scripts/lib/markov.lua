--- Markov chains of any order over named states.
-- A chain is data and is checked when it is made: a row that does not sum to 1, a name that is unknown or comes twice,
-- a row too few is an error that says which. Where a chain is, is a *playhead*: a plain list of the last `order`
-- states, kept in the piece's `state`, so the chain itself never changes.
-- @module markov
local check = require "check"

local markov = {}

local TOLERANCE = 1e-9
local SEPARATOR = ">"

local chain_methods = {}
local chain_meta = { __index = chain_methods }

local function check_states(states)
    if type(states) ~= "table" or #states == 0 then
        error("a chain needs a list of states", 3)
    end
    local index = {}
    for i, name in ipairs(states) do
        if type(name) ~= "string" or name == "" or name:find(SEPARATOR, 1, true) then
            error(("state %d of the chain is %s: a name without %q is needed"):format(i, tostring(name), SEPARATOR), 3)
        elseif index[name] then
            error(("state %q comes twice"):format(name), 3)
        end
        index[name] = i
    end
    return index
end

local function check_row(row, n, label)
    if type(row) ~= "table" or #row ~= n then
        error(("row %s has %s entries, %d are needed")
            :format(label, type(row) == "table" and #row or "no", n), 3)
    end
    local sum = 0
    for i = 1, n do
        local p = row[i]
        if type(p) ~= "number" or not (p >= 0 and p <= 1) then
            error(("row %s, entry %d is %s: 0 to 1 is needed"):format(label, i, tostring(p)), 3)
        end
        sum = sum + p
    end
    if math.abs(sum - 1) > TOLERANCE then
        error(("row %s sums to %.12g, not to 1"):format(label, sum), 3)
    end
end

local function copy(list)
    local out = {}
    for i = 1, #list do
        out[i] = list[i]
    end
    return out
end

-- Calls visit(context) for every list of `order` states, in order.
local function each_context(states, order, visit)
    local context = {}
    local function deeper(depth)
        if depth > order then
            return visit(context)
        end
        for _, name in ipairs(states) do
            context[depth] = name
            deeper(depth + 1)
        end
    end
    deeper(1)
end

local function new_chain(states, order, rows)
    return setmetatable({ states = copy(states), order = order, rows = rows, index = check_states(states) }, chain_meta)
end

--- An order-1 chain from a square matrix: row i holds the probabilities of what follows state i.
-- @param states list of names
-- @param matrix list of rows, each summing to 1 within 1e-9
-- @return a chain
-- @usage local chain = markov.from_matrix({ "rise", "fall" }, { { 0.7, 0.3 }, { 0.5, 0.5 } })
-- chain:row { "rise" } --> { 0.7, 0.3 }
function markov.from_matrix(states, matrix)
    check_states(states)
    if type(matrix) ~= "table" or #matrix ~= #states then
        error(("the matrix has %s rows, %d are needed"):format(type(matrix) == "table" and #matrix or "no", #states), 2)
    end
    local rows = {}
    for i, name in ipairs(states) do
        check_row(matrix[i], #states, name)
        rows[name] = copy(matrix[i])
    end
    return new_chain(states, 1, rows)
end

--- A chain of any order from its rows, keyed by the states before joined with ">": `rows["i>VI"]` follows i, then VI.
-- Every context must have a row.
-- @param states list of names
-- @param order whole number from 1
-- @param rows probabilities by context
-- @return a chain
-- @usage local chain = markov.from_rows({ "a", "b" }, 1, { a = { 0, 1 }, b = { 1, 0 } })
-- chain:next(stream, { "a" }) --> "b"
function markov.from_rows(states, order, rows)
    check_states(states)
    if type(order) ~= "number" or order < 1 or order % 1 ~= 0 then
        error("a chain's order is a whole number from 1", 2)
    end
    local own = {}
    each_context(states, order, function(context)
        local label = table.concat(context, SEPARATOR)
        check_row(rows[label], #states, label)
        own[label] = copy(rows[label])
    end)
    local strangers = {}
    for label in pairs(rows) do
        if not own[label] then
            strangers[#strangers + 1] = tostring(label)
        end
    end
    table.sort(strangers)
    if #strangers > 0 then
        error(("row %q names a state that is unknown"):format(strangers[1]), 2)
    end
    return new_chain(states, order, own)
end

--- A chain of any order learnt from sequences of states. Every transition gets `prior` counts more than it was seen
-- (default 0); a context that was never seen then spreads evenly. Every context gets a row: for many states or a high
-- order, `markov.learn` is the better one.
-- @param states list of names
-- @param order whole number from 1
-- @param sequences list of lists of names
-- @param prior counts that every transition has from the start (default 0)
-- @return a chain
-- @usage markov.from_sequences({ "a", "b" }, 1, { { "a", "b", "b" } }):row { "b" } --> { 0, 1 }
function markov.from_sequences(states, order, sequences, prior)
    local index = check_states(states)
    local counts = {}
    each_context(states, order, function(context)
        local row = {}
        for i = 1, #states do
            row[i] = prior or 0
        end
        counts[table.concat(context, SEPARATOR)] = row
    end)
    for _, sequence in ipairs(sequences) do
        for i, name in ipairs(sequence) do
            if not index[name] then
                error(("state %q in a sequence is unknown"):format(tostring(name)), 2)
            end
            if i > order then
                local row = counts[table.concat(sequence, SEPARATOR, i - order, i - 1)]
                row[index[name]] = row[index[name]] + 1
            end
        end
    end
    return markov.from_counts(states, order, counts)
end

--- A chain from counts instead of probabilities, keyed as in `markov.from_rows`. An empty row spreads evenly.
-- @param states list of names
-- @param order whole number from 1
-- @param counts numbers from 0 by context
-- @return a chain
-- @usage markov.from_counts({ "a", "b" }, 1, { a = { 1, 3 } }):row { "a" } --> { 0.25, 0.75 }
function markov.from_counts(states, order, counts)
    local rows = {}
    each_context(states, order, function(context)
        local label = table.concat(context, SEPARATOR)
        local row, sum = {}, 0
        for i = 1, #states do
            row[i] = counts[label] and counts[label][i] or 0
            sum = sum + row[i]
        end
        for i = 1, #states do
            row[i] = sum > 0 and row[i] / sum or 1 / #states
        end
        rows[label] = row
    end)
    return markov.from_rows(states, order, rows)
end

--- Builds a chain of order 2 on one of order 1: P(c | a, b) is P(c | b) x weight(a, b, c), normalised over c.
-- The first-order matrix stays what the music follows (a transition it forbids stays forbidden, and with a weight of 1
-- everywhere nothing changes); the weight says what the second step back adds.
-- @param chain of order 1
-- @param weight function(a, b, c) of state names, giving a positive number; `markov.circular` if not given
-- @return a chain of order 2
-- @usage local chain = markov.lift(progressions.chain "aeolian")
-- chain.order --> 2
function markov.lift(chain, weight)
    if chain.order ~= 1 then
        error("lift needs a chain of order 1", 2)
    end
    weight = weight or markov.circular
    local counts = {}
    each_context(chain.states, 2, function(context)
        local a, b = context[1], context[2]
        local row = {}
        for i, c in ipairs(chain.states) do
            row[i] = chain.rows[b][i] * weight(a, b, c)
        end
        counts[a .. SEPARATOR .. b] = row
    end)
    return markov.from_counts(chain.states, 2, counts)
end

--- The weight behind circular progressions, on top of the matrix: staying a third time is rare (0.2), swinging straight
-- back, a-b-a, is rarer than the matrix says (0.5), and so is staying at all (0.6).
-- @param a the state before the last one
-- @param b the last state
-- @param c the state that may follow
-- @usage markov.circular("i", "VI", "i") --> 0.5
function markov.circular(a, b, c)
    if a == b and b == c then
        return 0.2
    elseif a ~= b and c == a then
        return 0.5
    elseif b == c then
        return 0.6
    end
    return 1
end

local function text_of(value, i)
    local kind = type(value)
    if kind ~= "string" and kind ~= "number" then
        error(("element %d of the list is %s: texts and numbers can be learnt"):format(i, tostring(value)), 3)
    end
    return tostring(value)
end

-- Counts what follows each run of `depth` states; rows by label, in order of appearance.
local function count_runs(names, order, index, n_states)
    local counts, labels = {}, {}
    for depth = 0, order do
        for _, list in ipairs(names) do
            for i = depth + 1, #list do
                local label = table.concat(list, SEPARATOR, i - depth, i - 1)
                if not counts[label] then
                    counts[label], labels[#labels + 1] = {}, label
                    for k = 1, n_states do
                        counts[label][k] = 0
                    end
                end
                local row = counts[label]
                row[index[list[i]]] = row[index[list[i]]] + 1
            end
        end
    end
    return counts, labels
end

-- The label without its oldest state; nil for the empty one.
local function shorter(label)
    if label ~= "" then
        return label:match("^.-" .. SEPARATOR .. "(.*)$") or ""
    end
end

local LEARN_OPTIONS = { "order", "smoothing", "loop" }

--- A chain of any order learnt from a list (or several): names or numbers, e.g. the pitches of a melody. Only what was
-- seen is kept. After a context that was never seen the chain backs off: to the last order-1 states, the last order-2,
-- at last to how often each state comes at all, so it never gets stuck.
-- @param list list of texts or numbers, or a list of such lists
-- @param opts order (1 to 8, default 1), smoothing (0 to 1, default 0: share of each row that comes from the next
-- shorter context), loop (true: what comes last leads to what comes first)
-- @return a chain whose states are in order of appearance; `chain:next` gives numbers back as numbers
-- @usage local chain = markov.learn({ 60, 62, 64, 62, 60, 67 }, { order = 2, loop = true })
-- chain:next(stream, { 60, 62 }) --> 64
function markov.learn(list, opts)
    check.list("the list", list, 1)
    opts = check.options("learn", opts, LEARN_OPTIONS)
    local order = check.whole("order", opts.order or 1, 1, 8)
    local smoothing = check.number("smoothing", opts.smoothing or 0, 0, 1)
    local lists = type(list[1]) == "table" and list or { list }
    local states, values, index, names = {}, {}, {}, {}
    for n, one in ipairs(lists) do
        names[n] = {}
        for i, value in ipairs(one) do
            local name = text_of(value, i)
            if not index[name] then
                states[#states + 1], values[#states + 1] = name, value
                index[name] = #states
            end
            names[n][i] = name
        end
        for i = 1, opts.loop and order or 0 do
            names[n][#names[n] + 1] = names[n][i]
        end
    end
    check_states(states)
    local counts, labels = count_runs(names, order, index, #states)
    local rows = {}
    for _, label in ipairs(labels) do -- shorter ones come first
        local sum, row, behind = 0, {}, shorter(label)
        for i = 1, #states do
            sum = sum + counts[label][i]
        end
        for i = 1, #states do
            local own = counts[label][i] / sum
            row[i] = behind and (1 - smoothing) * own + smoothing * rows[behind][i] or own
        end
        rows[label] = row
    end
    local chain = new_chain(states, order, rows)
    chain.values, chain.backs_off = values, true
    return chain
end

-- The row of the longest context that has one, for a chain that backs off.
local function backed_off(chain, context)
    for depth = math.min(chain.order, #context), 0, -1 do
        local row = chain.rows[table.concat(context, SEPARATOR, #context - depth + 1)]
        if row then
            return row
        end
    end
end

--- The probabilities of what follows a context, in the order of `chain.states`.
-- @param context list of the last states, oldest first (more than `order` are fine)
-- @return list of probabilities: not to be changed
-- @raise if the chain has no row for it; a chain from `markov.learn` always has one
-- @usage progressions.chain("aeolian"):row({ "i" })[4] --> 0.3
function chain_methods:row(context)
    check.list("the context", context)
    local first = #context - self.order + 1
    local row
    if self.backs_off then
        row = backed_off(self, context)
    else
        row = first >= 1 and self.rows[table.concat(context, SEPARATOR, first)]
    end
    if not row then
        error(("the chain has no row for %q"):format(table.concat(context, SEPARATOR)), 2)
    end
    return row
end

--- Draws the next state and moves the playhead: one number of the stream for each step.
-- @param stream a random stream, e.g. `ctx.random "chords"`
-- @param playhead list of the last states, kept in the piece's state; changed in place
-- @return the state's name (or number, in a chain that was learnt from numbers)
-- @usage state.chain = state.chain or progressions.chain("aeolian"):start "i"
-- local name = progressions.chain("aeolian"):next(ctx.random "chords", state.chain)
function chain_methods:next(stream, playhead)
    check.stream(stream)
    local row = self:row(playhead)
    local draw, sum, choice = stream:float(), 0, nil
    for i, p in ipairs(row) do
        sum = sum + p
        if p > 0 then
            choice = self.values and self.values[i] or self.states[i]
            if draw < sum then
                break
            end
        end
    end
    playhead[#playhead + 1] = choice
    while #playhead > self.order do
        table.remove(playhead, 1)
    end
    return choice
end

--- Draws several states in a row.
-- @param stream a random stream
-- @param playhead as for `chain:next`; changed in place
-- @param n how many, 0 to 65536
-- @return list of states
-- @usage local chain = progressions.chain2("dorian")
-- #chain:generate(stream, chain:start "i", 8) --> 8
function chain_methods:generate(stream, playhead, n)
    check.stream(stream)
    check.list("the playhead", playhead)
    check.whole("n", n, 0, 65536)
    local out = {}
    for i = 1, n do
        out[i] = self:next(stream, playhead)
    end
    return out
end

--- A playhead that stands on one state, as if it had lasted.
-- @param name one of the chain's states
-- @return a plain list for the piece's state
-- @usage progressions.chain2("aeolian"):start "VI" --> { "VI", "VI" }
function chain_methods:start(name)
    if not self.index[tostring(name)] then
        error(("state %q is unknown; the chain has %s"):format(tostring(name), table.concat(self.states, ", ")), 2)
    end
    local playhead = {}
    for i = 1, self.order do
        playhead[i] = name
    end
    return playhead
end

return markov
