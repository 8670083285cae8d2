"""How many listeners one core serves: Auralis beside a bare send() loop, FastAPI and Icecast; bench/run calls it.

The server gets one core, bench/load, which is every listener, another; with REALTIME=1, as root, before everything else
that runs there, for machines that are never idle. Auralis and the bare loop, which sends messages of
the same length, take turns, so that a ratio compares neighbours in time. What the columns mean stands in workload.md.
"""
import contextlib
import importlib.util
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
PEERS = os.path.join(HERE, 'peers')
FULL = os.environ.get('FULL', '') not in ('', '0')
CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE = os.environ.get('CORE', str(CORES[-1]))
LOAD_CORE = next((str(core) for core in CORES if str(core) != SERVER_CORE), SERVER_CORE)
ALONE = ['chrt', '-f', '2'] if os.environ.get('REALTIME', '') not in ('', '0') else []
SECONDS = '20' if FULL else '5'
SIZES = tuple(int(n) for n in os.environ.get('LISTENERS', '500,1000,2000,5000').split(','))
ROUNDS = {5000: 5 if FULL else 3}
FASTAPI_MOST = 5000 if FULL else 2000
DEFLATE_LISTENERS = 100
OPUS_BYTES, JSON_BYTES = 1640, 23660


def note(text):
    print(f'bench: {text}', file=sys.stderr, flush=True)


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def wait_for(port, path, what, child):
    for _ in range(200):
        with contextlib.suppress(OSError):
            if path is None:
                socket.create_connection(('127.0.0.1', port), 1).close()
            else:
                urllib.request.urlopen(f'http://127.0.0.1:{port}{path}', timeout=1).close()
            return
        if child.poll() is not None:
            break
        time.sleep(0.05)
    raise RuntimeError(f'{what} does not start')


@contextlib.contextmanager
def running(argv, core=SERVER_CORE, **more):
    child = subprocess.Popen(ALONE + ['taskset', '-c', core] + argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL, **more)
    try:
        yield child
    finally:
        child.terminate()
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


class Bench:
    def __init__(self, build, scratch):
        self.build, self.scratch = build, scratch
        self.bare = os.path.join(scratch, 'bare')
        subprocess.run(['gcc', '-O2', '-D_GNU_SOURCE', os.path.join(PEERS, 'bare', 'bare.c'), '-o', self.bare], check=True)

    def load(self, child, port, listeners, kind, path, *more):
        argv = [*ALONE, 'taskset', '-c', LOAD_CORE, os.path.join(self.build, 'bench', 'load'), '--port', str(port),
                '--path', path, '--kind', kind, '--listeners', str(listeners), '--settle', '1', '--seconds', SECONDS,
                '--pid', str(child.pid), *more]
        done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if done.returncode:
            raise RuntimeError(done.stderr.strip()[-200:])
        return json.loads(done.stdout)

    def auralis(self, listeners, form, *more):
        port = free_port()
        env = {key: value for key, value in os.environ.items() if not key.startswith('AURALIS_')}
        env.update(AURALIS_DATA_DIR=os.path.join(HERE, '..'), AURALIS_MAX_CLIENTS='20000', AURALIS_METRICS_PORT='0',
                   AURALIS_LOG_LEVEL='ERROR', AURALIS_DEVICE='simd', AURALIS_ENV_FILE='/dev/null',
                   AURALIS_DB=os.path.join(self.scratch, 'auralis.db'))
        argv = [os.path.join(self.build, 'auralis'), 'serve', '--port', str(port)]
        with running(argv, env=env, cwd=self.scratch) as child:
            wait_for(port, '/api/v1/health', 'auralis', child)
            return self.load(child, port, listeners, 'json' if form == 'json' else 'binary', f'/ws/stream?format={form}',
                             *more)

    def bare_loop(self, listeners, form, size):
        port = free_port()
        kind = 'json' if form == 'json' else 'binary'
        with running([self.bare, str(port), str(size), kind]) as child:
            time.sleep(0.3)
            return self.load(child, port, listeners, kind, '/')

    def fastapi(self, listeners, form, deflate=False):
        port, kind = free_port(), 'json' if form == 'json' else 'binary'
        argv = ['/usr/bin/python3', os.path.join(PEERS, 'fastapi', 'server.py'), str(port),
                str(JSON_BYTES if form == 'json' else OPUS_BYTES), kind, str(listeners)] + ['deflate'] * deflate
        with running(argv) as child:
            wait_for(port, '/docs', 'FastAPI', child)
            return self.load(child, port, listeners, 'counted' if deflate else kind, '/ws/stream')

    @contextlib.contextmanager
    def icecast(self):
        port, folder = free_port(), os.path.join(self.scratch, 'icecast')
        os.makedirs(folder, exist_ok=True)
        owner = '<changeowner><user>nobody</user><group>nogroup</group></changeowner>' if os.getuid() == 0 else ''
        with open(os.path.join(PEERS, 'icecast', 'icecast.xml')) as file:
            text = file.read()
        for name, value in (('PORT', str(port)), ('FOLDER', folder), ('OWNER', owner)):
            text = text.replace(f'@{name}@', value)
        with open(os.path.join(folder, 'icecast.xml'), 'w') as file:
            file.write(text)
        os.chmod(self.scratch, 0o755)
        os.chmod(folder, 0o777)
        source = ['ffmpeg', '-re', '-f', 'lavfi', '-i', 'anoisesrc=c=pink:r=48000:a=0.3', '-ac', '2', '-c:a', 'libopus',
                  '-b:a', '128k', '-vbr', 'off', '-page_duration', '100000', '-f', 'ogg', '-content_type', 'application/ogg',
                  f'icecast://source:bench@127.0.0.1:{port}/stream.ogg']
        with running(['icecast2', '-c', os.path.join(folder, 'icecast.xml')]) as child:
            wait_for(port, None, 'Icecast', child)
            with running(source, LOAD_CORE) as feeder:
                time.sleep(2)
                if feeder.poll() is not None:
                    raise RuntimeError('ffmpeg cannot feed Icecast')
                yield child, port


def microseconds(result, which='cpu_s'):
    return result[which] / result['messages'] * 1e6


def row(name, form, results, against=None):
    middle = lambda key, inner: statistics.median(r[key][inner] for r in results)  # noqa: E731
    first = results[0]
    cpu = statistics.median(r['cpu_s'] / r['wall_s'] for r in results)
    ratio = statistics.median(microseconds(r) / microseconds(b) for r, b in zip(results, against)) if against else None
    return [name, form, f'{first["listeners"]:,}', f'{first["bytes"] / first["messages"]:,.0f}', f'{100 * cpu:.1f}',
            f'{statistics.median(map(microseconds, results)):.2f}', f'{ratio:.2f}' if ratio else '',
            f'{statistics.median(microseconds(r, "main_cpu_s") for r in results):.2f}',
            f'{middle("late_ms", "p50"):.0f}', f'{middle("late_ms", "p99"):.0f}',
            f'{min(r["late_ms"]["p99"] for r in results):.0f}', f'{max(r["late_ms"]["max"] for r in results):.0f}',
            f'{sum(r["lost"] for r in results)}']


HEAD = ['server', 'format', 'listeners', 'bytes a message', 'CPU, % of a core', 'µs a message', 'against bare',
        'µs, first thread', 'late ms, p50', 'p99', 'p99, best round', 'most', 'lost']


def attempt(rows, what, work):
    try:
        rows.extend(work())
    except (RuntimeError, OSError, subprocess.SubprocessError, ValueError) as error:
        note(f'{what}: left out: {error}')
        rows.append([what, 'failed'] + [''] * (len(HEAD) - 2))


def pair(bench, listeners, form):
    ours, bare = [], []
    for _ in range(ROUNDS.get(listeners, 3 if FULL else 1)):
        ours.append(bench.auralis(listeners, form))
        size = round(ours[-1]['bytes'] / ours[-1]['messages']) - 4
        bare.append(bench.bare_loop(listeners, form, size))
    return [row('bare send() loop', form, bare, bare), row('Auralis', form, ours, bare)]


def peers(bench, rows):
    if importlib.util.find_spec('fastapi') and importlib.util.find_spec('uvicorn'):
        for form in ('json', 'opus'):
            for n in (n for n in SIZES if n <= FASTAPI_MOST):
                attempt(rows, f'FastAPI, {form}, {n}', lambda: [row('FastAPI', form, [bench.fastapi(n, form)])])
        attempt(rows, 'FastAPI, deflate', lambda: [
            row('FastAPI, as uvicorn comes: deflate', 'json', [bench.fastapi(DEFLATE_LISTENERS, 'json', True)])])
    else:
        note('FastAPI is not installed: left out')
    if shutil.which('icecast2') and shutil.which('ffmpeg'):
        for n in SIZES:
            def icecast():
                with bench.icecast() as (child, port):
                    return [row('Icecast', 'Opus in Ogg', [bench.load(child, port, n, 'ogg', '/stream.ogg')])]
            attempt(rows, f'Icecast, {n}', icecast)
    else:
        note('Icecast or ffmpeg is not installed: left out')


def table(rows):
    lines = ['| ' + ' | '.join(HEAD) + ' |', '|' + '---|' * len(HEAD)]
    return '\n'.join(lines + ['| ' + ' | '.join(cells) + ' |' for cells in rows]) + '\n'


def versions():
    found = []
    for package in ('python3-fastapi', 'python3-uvicorn', 'python3-uvloop', 'icecast2'):
        done = subprocess.run(['dpkg-query', '-W', '-f', '${Version}', package], capture_output=True, text=True)
        found.append(f'{package} {done.stdout or "missing"}')
    return ', '.join(found)


def report(build, scratch):
    """The section's text."""
    bench, rows, hard = Bench(build, scratch), [], []
    for form, sizes in (('json', SIZES), ('opus', SIZES), ('pcm', SIZES[-1:])):
        for n in sizes:
            note(f'fan-out: {form} to {n} listeners')
            attempt(rows, f'Auralis, {form}, {n}', lambda: pair(bench, n, form))
    note('fan-out: peers')
    peers(bench, rows)
    n = min(1000, SIZES[-1])
    some = str(n // 10)
    attempt(hard, 'Auralis, slow', lambda: [row(f'Auralis, {some} of them read nothing', 'json',
                                                [bench.auralis(n, 'json', '--slow', some)])])
    attempt(hard, 'Auralis, storm', lambda: [row(f'Auralis, {some} of them come and go, each about once a second', 'json',
                                                 [bench.auralis(n, 'json', '--storm', some)])])
    return (f'Server on core {SERVER_CORE}, listeners on core {LOAD_CORE}{", in real time" if ALONE else ""}; '
            f'{SECONDS} s a row and round; load of the machine {os.getloadavg()[0]:.1f}; {versions()}.\n\n'
            f'{table(rows)}\nThe others, while some misbehave:\n\n{table(hard)}')
