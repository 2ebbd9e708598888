"""What jax.random makes of key(seed) on a CPU. Writes threefry.json.

    pip install jax && python3 test/vectors/threefry.py
"""
import json, pathlib
import jax, jax.numpy as jnp
from jax import random

def fnv(words):
    h = 2166136261
    for byte in jnp.asarray(words).tobytes(): h = ((h ^ byte) * 16777619) & 0xffffffff
    return h

cases = []
for seed in (0, 1, 42, 2026, 4294967295):
    key = random.key(seed)
    data = lambda k: random.key_data(k).tolist()
    for n in (1, 5, 33):
        cases.append({
            'seed': seed, 'n': n,
            'bits': random.bits(key, (n,)).tolist(),
            'uniform': random.uniform(key, (n,)).tolist(),
            'ranged': random.uniform(key, (n,), minval=-0.05, maxval=0.05).tolist(),
            'normal': random.normal(key, (n,)).tolist(),
            'truncated': random.truncated_normal(key, -2, 2, (n,)).tolist(),
            'tail': random.truncated_normal(key, 1, 3, (n,)).tolist(),
            'bernoulli': random.bernoulli(key, 0.3, (n,)).astype(int).tolist(),
            'permutation': random.permutation(key, n).tolist(),
            'split': [w for k in random.split(key, 3) for w in data(k)], 'foldIn': data(random.fold_in(key, 7)),
        })
    cases[-1]['many'] = {
        'n': 10007, 'bits': fnv(random.bits(key, (10007,))), 'uniform': fnv(random.uniform(key, (10007,))),
        'permutation': fnv(random.permutation(key, 10007).astype(jnp.uint32)),
        'normal': random.normal(key, (10007,))[::100].tolist(),
        'largest': [float(f(random.normal(key, (10007,)))) for f in (jnp.min, jnp.max)],
    }
def ends(low, high, n=8_000_000):
    """Where truncated normals are at their bounds: u is -1 or 1 there."""
    x = random.truncated_normal(random.key(0), low, high, (n,))
    at = jnp.nonzero((x == jnp.nextafter(jnp.float32(low), jnp.inf)) | (x == jnp.nextafter(jnp.float32(high), -jnp.inf)))[0]
    return {'low': low, 'high': high, 'n': n, 'at': at.tolist(), 'values': x[at].tolist()}

path = pathlib.Path(__file__).parent / 'threefry.json'
path.write_text(json.dumps({'jax': jax.__version__, 'cases': cases, 'ends': [ends(-2000, 2000), ends(2.5, 7), ends(-7, -2.5)]}, separators=(',', ':')).replace('},{', '},\n{') + '\n')
print(path.stat().st_size)
