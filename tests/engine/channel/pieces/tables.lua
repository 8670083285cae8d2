-- Wavetables that users bring, short phrases so that many begin.
return {
  title = "Tables",
  tables = { glass = "glass.wav", vox = { file = "vox.wav", cycles = 3 } },
  patches = {
    glass = { voice = "wave", table = "glass", attack = 0.05 },
    vox = { voice = "wave", table = "vox", attack = 0.2, place = 0.5, lfo_depth = 0.5, lfo_rate = 2 },
    own = { voice = "wave" },
  },
  phrase = function(ctx)
    local draw = ctx.random("pitch")
    for _, patch in ipairs { "glass", "vox", "own" } do
      for beat = 0, 7 do
        ctx:note { patch = patch, at = beat, beats = 1.5, pitch = ctx.root + draw:int(-12, 24), velocity = 0.4 }
      end
    end
    return 2
  end,
}
