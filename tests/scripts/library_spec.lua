local simulate = require "simulate"

local library = dofile("deployment/library/library.lua")
local parse = dofile("deployment/library/parse.lua")

local MODULES = library.modules("")

-- What an example may use beside the modules: streams, a key, a ctx and a state, fresh for each example.
local function surroundings()
    local theory = require "theory"
    local key = theory.key("A minor")
    local ctx = { key = key.name, mode = key.mode, root = key.root, scale = key.scale, bpm = 70, meter = { 4, 4 },
                  beats_per_bar = 4, intensity = 0.5, melody_complexity = 0.5, phrase = 0,
                  note = function() end, chord = function() end, set = function() end,
                  random = function(name) return simulate.stream(1, name) end }
    local env = { ctx = ctx, key = key, state = {}, stream = simulate.stream(1, "example"), same = assert.same }
    for _, module in ipairs(MODULES) do
        if module.name ~= "ctx" then
            env[module.name] = require(module.name)
        end
    end
    return setmetatable(env, { __index = _G })
end

-- An example as a chunk: `expression --> values` becomes a comparison.
local function chunk_of(usage)
    local lines = {}
    for i, line in ipairs(usage) do
        local left, right = line:match("^(.-)%s+%-%->%s+(.*)$")
        if left and left:match("^local [%w_]+ = ") then
            line = ("%s; same({ %s }, { %s })"):format(left, right, left:match("^local ([%w_]+)"))
        elseif left then
            line = ("same({ %s }, { %s })"):format(right, left)
        end
        lines[i] = line
    end
    return table.concat(lines, "\n")
end

local function each_entry(visit)
    for _, module in ipairs(MODULES) do
        for _, entry in ipairs(module.entries) do
            visit(module, entry)
        end
    end
end

describe("library: reference and completion list", function()
    it("are what the comments say: run deployment/library/generate after changing one", function()
        for _, document in ipairs(library.documents("")) do
            assert.is_true(library.read(document.path) == document.text, document.path .. " is stale")
        end
    end)

    it("hold every module in scripts/lib", function()
        local known = {}
        for _, name in ipairs(library.MODULES) do
            known[name] = true
        end
        local files = io.popen("ls scripts/lib")
        for file in files:lines() do
            assert.is_true(known[file:match("^(.*)%.lua$")], file)
        end
        files:close()
    end)

    it("hold every public name of every module, and none that is not there", function()
        for _, module in ipairs(MODULES) do
            if module.name ~= "ctx" then
                local there, documented = require(module.name), {}
                for _, entry in ipairs(module.entries) do
                    local name = entry.name:match("^" .. module.name .. "%.([%w_]+)$")
                    assert.is_true(not name or there[name] ~= nil, entry.name .. " does not exist")
                    documented[name or 0] = true
                end
                for name in pairs(there) do
                    assert.is_true(documented[name], module.name .. "." .. name .. " is not documented")
                end
            end
        end
    end)

    it("have a text for everything and an example for every function", function()
        each_entry(function(module, entry)
            assert.is_true(#module.text > 20, module.name)
            assert.is_true(#entry.text > 10, entry.name .. " has no text")
            if entry.signature ~= entry.name then
                assert.is_true(#entry.usage > 0, entry.name .. " has no example")
            end
        end)
    end)

    it("name every argument", function()
        each_entry(function(_, entry)
            for name in (entry.signature:match("%((.*)%)$") or ""):gmatch("[%w_]+") do
                local found = #entry.params == 0 or name == "self"
                for _, param in ipairs(entry.params) do
                    found = found or param.name == name or param.name:match("^" .. name .. ",")
                end
                assert.is_true(found, entry.name .. ": " .. name)
            end
        end)
    end)

    it("have entries for ctx and the piece that docs/scripting.md has too", function()
        local text = library.read("docs/scripting.md")
        for _, entry in ipairs(MODULES[1].entries) do
            assert.truthy(text:find("[`:%.]" .. entry.name:match("([%w_]+)$")), entry.name)
        end
    end)

    for _, module in ipairs(MODULES) do
        it("have examples that run and give what they say: " .. module.name, function()
            local all = { { name = module.name, usage = module.usage } }
            for _, entry in ipairs(module.entries) do
                all[#all + 1] = not entry.name:match("^piece%.") and entry or nil
            end
            for _, entry in ipairs(all) do
                local chunk, message = loadstring(chunk_of(entry.usage), "=" .. entry.name)
                assert.is_truthy(chunk, message)
                setfenv(chunk, surroundings())()
            end
        end)
    end

    it("are of modules that use nothing but what the sandbox has, and no randomness of their own", function()
        local allowed = {}
        for name in ("assert error getmetatable ipairs next pairs pcall rawequal rawget rawset require select " ..
            "setmetatable tonumber tostring type unpack xpcall math string table coroutine"):gmatch("%S+") do
            allowed[name] = true
        end
        local function globals_of(path)
            local seen, listing = 0, io.popen("luajit -bl " .. path .. " 2>&1")
            for line in listing:lines() do
                local kind, name = line:match('(G[GS]ET).-; "([%w_]+)"')
                assert.is_true(kind == nil or kind == "GGET" and allowed[name] == true, path .. ": " .. (name or ""))
                seen = seen + (kind and 1 or 0)
            end
            listing:close()
            return seen
        end
        for i = 2, #library.MODULES do
            local path = "scripts/lib/" .. library.MODULES[i] .. ".lua"
            assert.is_true(globals_of(path) > 0, path)
            assert.is_nil(library.read(path):find("math%.random"), path)
        end
        assert.has_error(function() globals_of("deployment/library/library.lua") end)
    end)

    it("are valid JSON with the four fields", function()
        local text = library.read("client/library.json")
        local rows = 0
        for line in text:gmatch("[^\n]+") do
            if line ~= "[" and line ~= "]" then
                rows = rows + 1
                assert.truthy(line:match('^{"module": ".-", "name": ".-", "signature": ".-", "doc": ".+"},?$'), line)
            end
        end
        assert.is_true(rows > 100)
    end)
end)

describe("library: reading comments", function()
    it("finds modules, functions, methods, fields and tags", function()
        local module = parse.text([=[
--- A thing: of use.
-- More.
-- @module thing
local thing = {}
--- Adds.
-- @param a first
-- number
-- @return the sum
-- @raise if none
-- @usage thing.add(1) --> 2
-- thing.add(2) --> 3
function thing.add(a)
--- All.
thing.ALL = {}
--- Not public.
local function hidden()
--- Next.
function dog_methods:bark(n)
--- Called.
-- @function thing { ... }
setmetatable(thing)]=], "thing")
        assert.equal("A thing: of use. More.", module.text)
        local add, all, bark, call = unpack(module.entries)
        assert.equal(4, #module.entries)
        assert.same({ "thing.add(a)", "Adds.", { "the sum" }, { "if none" } },
            { add.signature, add.text, add.returns, add.raises })
        assert.same({ { name = "a", text = "first number" } }, add.params)
        assert.same({ "thing.add(1) --> 2", "thing.add(2) --> 3" }, add.usage)
        assert.equal("thing.ALL", all.signature)
        assert.equal("dog:bark(n)", bark.signature)
        assert.equal("thing { ... }", call.signature)
        assert.equal("thing", call.name)
        assert.has_error(function() parse.text("--- A.\n-- @parm a b\nfunction x.y(a)", "x") end)
    end)
end)
