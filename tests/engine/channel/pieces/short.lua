-- One bar a phrase, with every voice, so that a test meets many boundaries in little time.
return {
  title = "Short",
  meter = { 4, 4 },
  controls = { density = { min = 0, max = 1, default = 0.5, label = "Density" } },
  patches = {
    pad = { voice = "pad", attack = 0.2 },
    lead = { voice = "lead" },
    kick = { voice = "kick" },
    swell = { voice = "swell" },
  },
  effects = { reverb = { decay = 6 }, delay = { beats = 0.75, feedback = 0.5 } },
  state = { bars = 0 },
  phrase = function(ctx, state)
    state.bars = state.bars + 1
    if ctx.density > 0.9 then
      error("density too high")
    end
    local random = ctx.random("notes")
    for beat = 0, 3 do
      ctx:note { patch = "kick", at = beat, beats = 0.5, pitch = 36, velocity = 0.7 }
      ctx:note { patch = "lead", at = beat + 0.5, beats = 0.4, pitch = 57 + random:int(0, 12), velocity = 0.5 }
    end
    for _, pitch in ipairs { 45, 52, 57, 60 } do
      ctx:note { patch = "pad", at = 0, beats = 6, pitch = pitch + state.bars % 5, velocity = 0.5 }
    end
    ctx:note { patch = "swell", at = 2, beats = 2, pitch = 60, velocity = 0.4 }
    return 1
  end,
}
