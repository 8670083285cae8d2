"""The notes of bench/workload.md, and the files in which SuperCollider and Csound want them."""
import math
import os
import struct

BEAT = 60 / 70
BAR = 4 * BEAT
BARS = 17
SONG_SECONDS = 60
CHORDS = [[45, 52, 55, 60], [41, 52, 57, 60], [48, 55, 59, 64], [40, 50, 55, 59]]
LEAD = [69, 72, 74, 76, 79]
HERE = os.path.dirname(os.path.abspath(__file__))


def fraction(x):
    return x - math.floor(x)


def hz_of(pitch):
    return 440 * 2 ** ((pitch - 69) / 12)


def pad(i, pitch, pan, amp, on, gate):
    return dict(i=i, f=hz_of(pitch), phase1=fraction(i * 0.6180339887), phase2=fraction(i * 0.7548776662),
                lfo_hz=0.1 * 50 ** fraction(i * 0.6180339887), lfo_phase=fraction(i * 0.7548776662),
                pan=pan, amp=amp, on=on, gate=gate)


def workload_a(voices, seconds):
    return [pad(i, 36 + 7 * i % 36, -0.8 + 1.6 * i / (voices - 1), 0.5 / math.sqrt(voices), 0.0, seconds * 55 / 60)
            for i in range(voices)]


def song_pads():
    return [pad(4 * b + k, CHORDS[b % 4][k], -0.6 + 0.4 * k, 0.12, b * BAR, BAR) for b in range(BARS) for k in range(4)]


def song_leads():
    return [dict(f=hz_of(LEAD[(3 * b + 2 * j) % 5]), pan=0.2, amp=0.16, on=b * BAR + at * BEAT, gate=beats * BEAT)
            for b in range(BARS) for j, (at, beats) in enumerate([(0, 1.2), (1.5, 1.2), (3, 0.8)])]


def song_hits():
    return [dict(fc=fc, pan=pan, amp=amp, on=b * BAR + at * BEAT)
            for b in range(BARS) for at, fc, pan, amp in [(0, 900.0, -0.3, 0.5), (2.5, 2400.0, 0.3, 0.3)]]


# ---- SuperCollider: a file of OSC bundles ----

def osc_string(text):
    data = text.encode() + b'\0'
    return data + b'\0' * (-len(data) % 4)


def osc_message(address, *args):
    types, data = ',', b''
    for arg in args:
        if isinstance(arg, bytes):
            types += 'b'
            data += struct.pack('>i', len(arg)) + arg + b'\0' * (-len(arg) % 4)
        elif isinstance(arg, int):
            types += 'i'
            data += struct.pack('>i', arg)
        elif isinstance(arg, float):
            types += 'f'
            data += struct.pack('>f', arg)
        else:
            types += 's'
            data += osc_string(arg)
    return osc_string(address) + osc_string(types) + data


def osc_bundle(seconds, messages):
    whole = int(seconds)
    data = b'#bundle\0' + struct.pack('>II', whole, int((seconds - whole) * 2 ** 32))
    data += b''.join(struct.pack('>i', len(message)) + message for message in messages)
    return struct.pack('>i', len(data)) + data


def write_score(path, events, end):
    """events: (seconds, message); scsynth renders until `end`."""
    by_time = {}
    for seconds, message in events:
        if seconds < end:
            by_time.setdefault(seconds, []).append(message)
    with open(path, 'wb') as file:
        for seconds in sorted(by_time):
            file.write(osc_bundle(seconds, by_time[seconds]))
        file.write(osc_bundle(end, [osc_message('/c_set', 0, 0)]))


def definition(name):
    with open(os.path.join(HERE, 'supercollider', name + '.scsyndef'), 'rb') as file:
        return 0.0, osc_message('/d_recv', file.read())


def sc_start(name, node, note, **params):
    args = [x for key, value in params.items() for x in (key, float(value))]
    return note['on'], osc_message('/s_new', name, node, 0, 0, *args)


def sc_stop(node, note):
    return note['on'] + note['gate'], osc_message('/n_set', node, 'gate', 0.0)


def sc_pads(name, notes):
    events = []
    for note in notes:
        node = 1000 + note['i']
        events.append(sc_start(name, node, note, f=note['f'], lfoRate=note['lfo_hz'], lfoPh=note['lfo_phase'],
                               pan=note['pan'], amp=note['amp']))
        events.append(sc_stop(node, note))
    return events


def sc_workload_a(path, voices, seconds):
    write_score(path, [definition('padA')] + sc_pads('padA', workload_a(voices, seconds) if voices else []), seconds)


def sc_workload_b(path):
    events = [definition(name) for name in ('padB', 'lead', 'perc', 'fx')]
    events.append((0.0, osc_message('/s_new', 'fx', 900, 1, 0)))
    events += sc_pads('padB', song_pads())
    for k, note in enumerate(song_leads()):
        events.append(sc_start('lead', 2000 + k, note, f=note['f'], pan=note['pan'], amp=note['amp']))
        events.append(sc_stop(2000 + k, note))
    for k, note in enumerate(song_hits()):
        events.append(sc_start('perc', 3000 + k, note, fc=note['fc'], pan=note['pan'], amp=note['amp']))
    write_score(path, events, SONG_SECONDS)


def sc_saw(path, hz, seconds):
    write_score(path, [definition('saw'), (0.0, osc_message('/s_new', 'saw', 1000, 0, 0, 'f', float(hz), 'amp', 0.3))],
                seconds)


# ---- Csound ----

CSOUND_HEAD = '''<CsoundSynthesizer>
<CsInstruments>
sr=44100
ksmps=64
nchnls=2
0dbfs=1
ga1 init 0
ga2 init 0
ga3 init 0
ga4 init 0
'''
# p4 f, p5 LFO rate, p6 LFO phase, p7 pan 0 to 1, p8 amplitude, p9 gate, p10 and p11 phases
CSOUND_PAD = '''instr 1
a1 vco2 1, p4*cent(7), 0, 0.5, p10
a2 vco2 1, p4*cent(-7), 0, 0.5, p11
a3 poscil 0.3, p4*0.5
kl poscil 1, p5, -1, p6
kfc = 900*powoftwo(1.5*kl)
ao = 0.35*(a1+a2)+a3
af zdf_2pole ao, kfc, 1.2, 0
ae linseg 0,1.5,1,1.0,0.7,p9-2.5,0.7,4.5,0
af = af*ae*p8
aL,aR pan2 af, p7, 0
outs aL,aR
%sendin
'''


def csound_sends(delay, reverb):
    return (f'ga1 += aL*{delay}\nga2 += aR*{delay}\nga3 += aL*{reverb}\nga4 += aR*{reverb}\n')


# Csound's comb counts the whole loop: what falls by 60 dB in rvt falls to 0.45 in one delay.
CSOUND_SONG = '''instr 2
kv poscil 1,5.5
kf = p4*powoftwo(20/1200*kv)
as poscil 0.7,kf
at vco2 0.3,kf,12
ae linseg 0,0.02,1,0.15,0.6,p9-0.17,0.6,0.6,0
ax = (as+at)*ae*p8
aL,aR pan2 ax,p7,0
outs aL,aR
{lead}endin
instr 3
an rand 1, 2
af zdf_2pole an, p4, 4, 2
ae expseg 1,0.3,0.001,0.1,0.0001
ax = af*ae*p8
aL,aR pan2 ax,p7,0
outs aL,aR
{hit}endin
instr 99
ad1 comb ga1, {rvt1:.9f}, {time1:.9f}
ad2 comb ga2, {rvt2:.9f}, {time2:.9f}
ar1,ar2 freeverb ga3+ad1*0.2, ga4+ad2*0.2, 0.84, 0.2, 44100
aL,aR monitor
clear ga1,ga2,ga3,ga4
outs tanh(aL+ad1+ar1)-aL, tanh(aR+ad2+ar2)-aR
endin
'''
CSOUND_SCORE = '</CsInstruments>\n<CsScore>\n'


def csound_end(seconds):
    return f'f0 {seconds}\ne\n</CsScore>\n</CsoundSynthesizer>\n'


def csound_note(instrument, note, length, end, *params):
    fields = [note['on'], min(length, end - note['on'])] + list(params)
    return f'i{instrument} ' + ' '.join(f'{x:.6f}' for x in fields) + '\n'


def csound_pads(notes, end):
    return ''.join(csound_note(1, n, n['gate'] + 4.5, end, n['f'], n['lfo_hz'], n['lfo_phase'], (n['pan'] + 1) / 2,
                               n['amp'], n['gate'], n['phase1'], n['phase2']) for n in notes)


def csound_workload_a(path, voices, seconds):
    notes = workload_a(voices, seconds) if voices else []
    with open(path, 'w') as file:
        file.write(CSOUND_HEAD + CSOUND_PAD % '' + CSOUND_SCORE + csound_pads(notes, seconds) + csound_end(seconds))


def csound_workload_b(path):
    time1, time2, per_60_db = 28350 / 44100, 37800 / 44100, math.log(0.001) / math.log(0.45)
    song = CSOUND_SONG.format(lead=csound_sends(0.35, 0.30), hit=csound_sends(0.25, 0.20), time1=time1, time2=time2,
                              rvt1=time1 * per_60_db, rvt2=time2 * per_60_db)
    with open(path, 'w') as file:
        file.write(CSOUND_HEAD + CSOUND_PAD % csound_sends(0.15, 0.40) + song + CSOUND_SCORE)
        file.write(csound_pads(song_pads(), SONG_SECONDS))
        for n in song_leads():
            file.write(csound_note(2, n, n['gate'] + 0.6, SONG_SECONDS, n['f'], 0, 0, (n['pan'] + 1) / 2, n['amp'], n['gate']))
        for n in song_hits():
            file.write(csound_note(3, n, 0.4, SONG_SECONDS, n['fc'], 0, 0, (n['pan'] + 1) / 2, n['amp']))
        file.write('i99 0 60\n' + csound_end(SONG_SECONDS))
