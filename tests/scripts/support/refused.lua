--- Checks that a call is refused at the line that made it, with a message that holds all the given words.
local assert = require "luassert"

return function(call, ...)
    local ok, message = pcall(call)
    assert.is_false(ok, "it was not refused")
    assert.truthy(tostring(message):match("^%.?/?tests/scripts/[%w_]+_spec%.lua:%d+: "), message)
    for _, word in ipairs { ... } do
        assert.truthy(message:find(word, 1, true), message .. " does not hold " .. word)
    end
end
