#!/usr/bin/python3
"""The OpenAPI document is well formed, leads nowhere, and has every route of
the table and every field of every body, and nothing else."""
import json
import os
import re
import subprocess

TOOL = os.path.join(os.environ.get('top_builddir', '.'), 't/tools/apitables')
LOWER = ('get', 'head', 'options', 'post', 'put', 'patch', 'delete')


def tool(what):
    return subprocess.run([TOOL, what], capture_output=True, text=True,
                          check=True).stdout


def once(pairs):
    keys = [k for k, v in pairs]
    assert len(keys) == len(set(keys)), ('a key twice', keys)
    return dict(pairs)


doc = json.loads(tool('openapi'), object_pairs_hook=once)
routes = [line.split('\t') for line in tool('routes').splitlines()]
fields = [line.split('\t') for line in tool('fields').splitlines()]


def walk(x, path='#'):
    yield path, x
    for k, v in (x.items() if isinstance(x, dict) else
                 enumerate(x) if isinstance(x, list) else ()):
        yield from walk(v, '%s/%s' % (path, k))


def the_document_says_what_it_is():
    assert doc['openapi'] == '3.1.0'
    assert {'title', 'version'} <= set(doc['info'])
    assert set(doc) <= {'openapi', 'info', 'security', 'paths', 'components'}


def every_reference_leads_somewhere():
    n = 0
    for path, x in walk(doc):
        if isinstance(x, dict) and '$ref' in x:
            at = doc
            for part in x['$ref'].split('/')[1:]:
                assert part in at, (path, x)
                at = at[part]
            n += 1
    assert n > 100, n


def every_schema_is_one():
    types = {'object', 'array', 'string', 'integer', 'number', 'boolean',
             'null'}
    words = {'type', 'properties', 'required', 'items', 'anyOf', 'enum',
             'pattern', 'format', 'minLength', 'maxLength', 'minimum',
             'maximum', 'minItems', 'maxItems', 'minProperties',
             'maxProperties', 'uniqueItems', 'additionalProperties',
             'writeOnly', 'description', '$ref'}

    def look(s, at):
        assert isinstance(s, dict) and set(s) <= words, (at, s)
        t = s.get('type', [])
        assert set([t] if isinstance(t, str) else t) <= types, (at, s)
        if 'pattern' in s:
            re.compile(s['pattern'])
        assert set(s.get('required', [])) <= set(s.get('properties', {})), s
        for k, v in s.get('properties', {}).items():
            look(v, '%s/%s' % (at, k))
        for v in s.get('anyOf', []):
            look(v, at)
        if 'items' in s:
            look(s['items'], at + '[]')
    for name, s in doc['components']['schemas'].items():
        look(s, name)
    for path, x in walk(doc['paths']):
        if path.endswith('/schema'):
            look(x, path)


def every_operation_has_its_parts():
    for path, item in doc['paths'].items():
        assert path.startswith('/'), path
        named = re.findall(r'\{([^}]*)\}', path)
        for method, o in item.items():
            assert method in LOWER, (path, method)
            assert o['operationId'] and o['responses'], (path, method)
            for code, r in o['responses'].items():
                assert re.match(r'(default|[1-5](\d\d|XX))$', code), code
                assert '$ref' in r or r['description'], (path, code)
            assert [p['name'] for p in o['parameters'] if
                    p['in'] == 'path'] == named, (path, method)
            assert all(p['description'] for p in o['parameters'] if
                       p['in'] != 'path'), (path, method)
    ids = [o['operationId'] for i in doc['paths'].values()
           for o in i.values()]
    assert len(ids) == len(set(ids))


def it_has_every_route_and_no_other():
    table = {(m.lower(), p) for m, p, *_ in routes}
    told = {(m, p) for p, i in doc['paths'].items() for m in i}
    assert table == told, table ^ told
    assert len(table) > 100
    for m, p, who, pool, built in routes:
        o = doc['paths'][p][m.lower()]
        assert o['x-built'] == (built == 'built'), (m, p)
        assert (o.get('security') == []) == (who == 'ANYONE'), (m, p)


def leaves(s, at=''):
    """All paths of a schema, written as fields are."""
    lists = [a for a in s.get('anyOf', []) if a.get('type') == 'array']
    for a in s.get('anyOf', []):
        # A map that stands for a list of one has the list's items' members.
        yield from leaves(a, at if a in lists or not lists else at + '[]')
    for k, v in s.get('properties', {}).items():
        p = at + '/' + k if at else k
        yield p
        yield from leaves(v, p)
    if 'items' in s:
        yield at + '[]'
        yield from leaves(s['items'], at + '[]')


def it_has_every_field_and_no_other():
    table = {(m.lower(), p, f) for m, p, f, *_ in fields}
    told = set()
    for p, i in doc['paths'].items():
        for m, o in i.items():
            if 'requestBody' in o:
                s = o['requestBody']['content']['application/json']['schema']
                told |= {(m, p, leaf) for leaf in leaves(s)}
    assert table == told, sorted(table ^ told)[:20]
    assert len(table) > 100


def every_reading_route_tells_what_it_answers():
    """A new one wants a row in fcgi/openapi.tbl.h."""
    below = '/v1.0/{tenant}/'
    missing = [(m, p) for m, p, who, pool, built in routes
               if m == 'GET' and built == 'built' and p.startswith(below) and
               '2XX' in doc['paths'][p]['get']['responses'] and
               p not in NO_DOCUMENT]
    assert not missing, missing


def every_route_says_how_its_ids_are_made():
    """A new one wants a line in t/data/idor.tsv, which t/scenario/0080 reads."""
    top = os.environ.get('top_srcdir', '.')
    lines = [line.rstrip('\n').split('\t') for line in
             open(os.path.join(top, 't/data/idor.tsv'))
             if not line.startswith('#')]
    below = '/v1.0/{tenant}'
    listed = {(m, below + p) for m, p, ids, body in lines}
    table = {(m, p) for m, p, *_ in routes if p.startswith(below + '/')}
    assert listed == table, sorted(listed ^ table)
    wants = {(m, p) for m, p, *_ in fields}
    for m, p, ids, body in lines:
        named = re.findall(r'\{', p)
        assert len(named) == (0 if ids == '-' else len(ids.split(','))), p
        if body != '-':
            json.loads(body)
        elif (m, below + p) in wants:
            assert (m, p) in NO_BODY, ('a body for', m, p)


# A body may be left out.
NO_BODY = {('POST', '/instances/{id}/root'),
           ('POST', '/clusters/{cluster_id}/root'),
           ('POST', '/mgmt/clusters/{id}/action'),
           ('POST', '/mgmt/hosts/{name}/instances/action')}

# Refused by every engine so far, or without a fixed form.
NO_DOCUMENT = {'/v1.0/{tenant}/instances/{id}/databases/{name}'}

tests = [the_document_says_what_it_is, every_reference_leads_somewhere,
         every_schema_is_one, every_operation_has_its_parts,
         it_has_every_route_and_no_other, it_has_every_field_and_no_other,
         every_reading_route_tells_what_it_answers,
         every_route_says_how_its_ids_are_made]
print('1..%d' % len(tests))
bad = 0
for n, t in enumerate(tests, 1):
    name = t.__name__.replace('_', ' ')
    try:
        t()
        print('ok %d - %s' % (n, name))
    except Exception as e:
        bad = 1
        print('not ok %d - %s' % (n, name))
        print('#   %s: %s' % (type(e).__name__, str(e)[:1500]))
raise SystemExit(bad)
