--- Counting for the specs: chi-square, shares, runs of notes.
local count = {}

--- Pearson's statistic of observed counts against expected probabilities, and its degrees of freedom. Cells expected
-- fewer than five times are pooled; a cell of probability 0 that was seen makes it infinite.
function count.chi_square(observed, expected, n)
    local sum, cells, pooled_seen, pooled_due = 0, 0, 0, 0
    for i = 1, #expected do
        local due = expected[i] * n
        local seen = observed[i] or 0
        if expected[i] == 0 then
            if seen > 0 then
                return math.huge, 1
            end
        elseif due < 5 then
            pooled_seen, pooled_due = pooled_seen + seen, pooled_due + due
        else
            sum, cells = sum + (seen - due) ^ 2 / due, cells + 1
        end
    end
    if pooled_due > 0 then
        sum, cells = sum + (pooled_seen - pooled_due) ^ 2 / pooled_due, cells + 1
    end
    return sum, cells - 1
end

--- The value that chi-square with so many degrees of freedom exceeds once in a million (Wilson and Hilferty).
function count.limit(degrees)
    local z, a = 4.7534, 2 / (9 * degrees)
    return degrees * (1 - a + z * math.sqrt(a)) ^ 3
end

--- Counts what follows each context of a chain over many draws.
-- @return counts by context label, number of draws by context label
function count.transitions(chain, stream, n)
    local playhead, counts, totals = chain:start(chain.states[1]), {}, {}
    for _ = 1, n do
        local label = table.concat(playhead, ">")
        local row = counts[label] or {}
        counts[label] = row
        local index = chain.index[chain:next(stream, playhead)]
        row[index] = (row[index] or 0) + 1
        totals[label] = (totals[label] or 0) + 1
    end
    return counts, totals
end

--- The statistic over all contexts of a chain together, against `expected(label)`.
function count.chain_statistic(chain, expected, stream, n)
    local counts, totals = count.transitions(chain, stream, n)
    local labels, sum, degrees = {}, 0, 0
    for label in pairs(counts) do
        labels[#labels + 1] = label
    end
    table.sort(labels)
    for _, label in ipairs(labels) do
        if totals[label] >= 50 then
            local x, d = count.chi_square(counts[label], expected(label), totals[label])
            sum, degrees = sum + x, degrees + d
        end
    end
    return sum, degrees
end

--- Shares of kinds over a list of kind names.
function count.shares(kinds)
    local n, of = 0, { chord = 0, scale = 0, chromatic = 0 }
    for _, kind in ipairs(kinds) do
        n, of[kind] = n + 1, of[kind] + 1
    end
    return { chord = of.chord / n, scale = of.scale / n, chromatic = of.chromatic / n }, n
end

--- Shares of 8-note runs that were played before: within `near` seconds, and longer than `far` seconds ago.
function count.returns(lead, near, far)
    local before, n_near, n_far, n = {}, 0, 0, 0
    for i = 1, #lead - 7 do
        local run = {}
        for j = 0, 7 do
            run[j + 1] = lead[i + j].pitch
        end
        local label, is_near, is_far = table.concat(run, " "), false, false
        before[label] = before[label] or {}
        for _, seconds in ipairs(before[label]) do
            local ago = lead[i].seconds - seconds
            is_near, is_far = is_near or ago <= near, is_far or ago > far
        end
        table.insert(before[label], lead[i].seconds)
        n, n_near, n_far = n + 1, n_near + (is_near and 1 or 0), n_far + (is_far and 1 or 0)
    end
    return n_near / n, n_far / n, n
end

return count
