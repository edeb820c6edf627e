import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { deviations } from '../src/deviations.ts'
import { isObject, type Json, type JsonObject } from '../src/json.ts'
import { textReport } from '../src/report.ts'
import { runFile, type CaseResult } from '../src/run.ts'
import { recognize, suites } from '../src/schemas.ts'
import { readVectors } from '../src/vector-files.ts'

const vectors = join(import.meta.dirname, '../vectors')
const files = readVectors(vectors)
const runnable = files.filter(
  ({ fileName, content }) => recognize(fileName, content).type === 'suite',
)
/** Each of its cases runs a cluster: the command does that once in every check, and tests do with a few of them. */
const clustered = 'ddata-structures.json'
const quick = runnable.filter(({ fileName }) => fileName !== clustered)

async function run(fileName: string, content: Json): Promise<readonly CaseResult[]> {
  return (await runFile(fileName, recognize(fileName, content))).cases
}

async function only(suite: string, content: JsonObject): Promise<CaseResult | undefined> {
  return (await run(`${suite}.json`, { schema: `casty-vectors/${suite}@1`, ...content }))[0]
}

test('there is a file of vectors for every suite', () => {
  expect(runnable.map(({ fileName }) => fileName.replace('.json', ''))).toEqual(
    Object.keys(suites).toSorted(),
  )
})

test.each(quick)(
  'every case of $fileName holds, or deviates as declared',
  async ({ fileName, content }) => {
    const results = await run(fileName, content)
    expect(results.length).toBeGreaterThan(0)
    expect(results.filter(({ type }) => type === 'failed')).toEqual([])
  },
)

test('what a deviation declares is checked: the same case with another answer fails', async () => {
  const wrong = deviations.map((deviation) => ({
    ...deviation,
    ours: () => ({ answer: 'other' }),
  }))
  const content = { cases: [nextStatus('weakly-up', null)] }
  const recognized = recognize('atomr-functions.json', content)
  const typeOf = async (declared = deviations): Promise<string | undefined> =>
    (await runFile('atomr-functions.json', recognized, declared)).cases[0]?.type
  expect(await typeOf()).toBe('deviated')
  expect(await typeOf(wrong)).toBe('failed')
})

test('a case that a deviation is about, but that expects what we answer, simply passes', async () => {
  const result = await only('atomr-functions', { cases: [nextStatus('weakly-up', 'up')] })
  expect(result?.type).toBe('passed')
})

function nextStatus(status: string, expected: string | null): JsonObject {
  return { id: 'x', function: 'next_status', input: { status, converged: true }, expect: expected }
}

// A check that cannot fail proves nothing: every expectation is bent in turn, and must be missed.
describe.each(runnable)('the cases of $fileName', ({ fileName, content }) => {
  // Where each case runs a cluster, one expectation in 150 has to do.
  const step = fileName === clustered ? 150 : 1
  test('fail when what they expect is changed', { timeout: 300_000 }, async () => {
    const bent = expectationsIn(content, [])
      .filter(({ path }) => path[0] !== 'schema') // What describes cases is none.
      .filter((_, index) => index % step === 0)
    expect(bent.length).toBeGreaterThan(0)
    const unnoticed: string[] = []
    for (const { path } of bent) {
      const changed = replaced(aloneIn(content, path), alonePath(path), 'bent')
      // eslint-disable-next-line no-await-in-loop -- Each has the processor to itself.
      const results = await run(fileName, changed)
      if (results.every(({ type }) => type !== 'failed')) unnoticed.push(path.join('.'))
    }
    expect(unnoticed).toEqual([])
  })
})

interface Place {
  readonly path: readonly string[]
}

const expectationKeys =
  /^(?:equals(?:BigInt)?|expect(?:Active|Event|Monitoring|Reversed|LeftVsMerged|RightVsMerged|Variance)?|allowed)$/

/**
 * Where a file says what it expects: leaves below such keys, but not where it tells what upstream makes
 * of a case that must come out otherwise, nor of handovers, which expect something of each step instead.
 */
function expectationsIn(value: Json, path: readonly string[]): readonly Place[] {
  if (isObject(value) && value['kind'] === 'hole') return []
  if (isObject(value) && value['function'] === 'LeaderHandover.observe')
    return expectationsIn(value['input'] ?? null, [...path, 'input'])
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, child]: [string, Json]) =>
    expectationKeys.test(key) && !Array.isArray(child)
      ? leavesIn(child, [...path, key])
      : expectationKeys.test(key) && key !== 'allowed'
        ? [{ path: [...path, key] }]
        : expectationsIn(child, [...path, key]),
  )
}

/**
 * Sets and numbers are bent as a whole. A tolerance says nothing by itself, nor does what of an answer
 * was asserted upstream.
 */
function leavesIn(value: Json, path: readonly string[]): readonly Place[] {
  if (!isObject(value)) return [{ path }]
  return Object.entries(value).flatMap(([key, child]) =>
    key === 'tolerance' || key === 'name' || key === 'asserted'
      ? []
      : leavesIn(child, [...path, key]),
  )
}

/** The case that a path leads to, without the others of its list: they come out as they did before. */
function aloneIn(value: Json, path: readonly string[]): Json {
  const [key = '', ...rest] = path
  if (Array.isArray(value)) return value.filter((_, index) => String(index) === key)
  return isObject(value) ? { ...value, [key]: aloneIn(value[key] ?? null, rest) } : value
}

function alonePath(path: readonly string[]): readonly string[] {
  const place = path.findIndex((key) => /^\d+$/.test(key))
  return place < 0 ? path : path.with(place, '0')
}

function replaced(value: Json, path: readonly string[], by: Json): Json {
  const [key, ...rest] = path
  if (key === undefined) return by
  if (Array.isArray(value))
    return value.map((item: Json, index) =>
      String(index) === key ? replaced(item, rest, by) : item,
    )
  if (!isObject(value)) return value
  return { ...value, [key]: replaced(value[key] ?? null, rest, by) }
}

describe('vectors beyond those kept here', () => {
  const a = {
    node: 'a#0',
    host: 'a',
    port: 1,
    uid: 0,
    status: 'up',
    dc: 'dc1',
    upNumber: 2,
    roles: [],
  }
  const b = { ...a, node: 'b#0', host: 'b', upNumber: 1 }
  const c = { ...a, node: 'c#0', host: 'c', dc: 'dc2', upNumber: 1 }
  const unreachable = { observer: 'a#0', subject: 'c#0', status: 'unreachable', version: 1 }
  const gossipOf = (...members: readonly JsonObject[]): JsonObject => ({
    members,
    seen: ['a#0', 'b#0'],
    observations: [],
    observationVersions: {},
    version: {},
    tombstones: [],
  })

  const fitting: readonly (readonly [suite: string, content: JsonObject])[] = [
    [
      'gossip',
      {
        kind: 'oldest-per-dc',
        members: [a, b, c],
        crossDcConnections: 1,
        expect: { dc1: ['b#0'], dc2: ['c#0'] },
      },
    ],
    [
      'gossip',
      {
        kind: 'reachable-aggregate',
        gossip: { ...gossipOf(a, b, c), observations: [unreachable] },
        expect: [
          { from: 'b#0', to: 'c#0', reachable: false },
          { from: 'c#0', to: 'c#0', reachable: true },
          { self: 'b#0', selfDc: 'dc1', node: 'a#0', reachable: true },
        ],
      },
    ],
    [
      'gossip',
      {
        kind: 'prune-tombstones',
        tombstones: { 'b#0': 7 },
        removeEarlierThan: 6,
        expect: { 'b#0': 7 },
      },
    ],
    [
      'reachability',
      {
        kind: 'records',
        records: [
          { observer: 'A', subject: 'B', status: 'reachable', version: 2 },
          { observer: 'C', subject: 'B', status: 'unreachable', version: 2 },
          { observer: 'D', subject: 'B', status: 'terminated', version: 4 },
        ],
        versions: { A: 3, C: 3, D: 4 },
        expect: { status: { B: 'terminated' }, versions: { A: 3, C: 3, D: 4 } },
      },
    ],
    [
      'atomr-functions',
      { function: 'elect_leader', input: { members: { a: 'up', b: 'up' } }, expect: 'a' },
    ],
  ]

  test.each(fitting)('run where they fit the schema: %s %j', async (suite, data) => {
    expect(await only(suite, { cases: [{ id: 'x', ...data }] })).toMatchObject({ type: 'passed' })
  })

  const deviating: readonly (readonly [id: string, suite: string, content: JsonObject])[] = [
    [
      'a-change-is-seen-by-its-author-only',
      'gossip',
      {
        kind: 'mark-down',
        gossip: gossipOf(a, b),
        node: 'b#0',
        expect: { members: [a, { ...b, status: 'down' }], seen: ['a#0'] },
      },
    ],
    [
      'one-incarnation-per-address',
      'gossip',
      {
        kind: 'merge',
        left: gossipOf(a),
        right: gossipOf({ ...a, node: 'a#9', uid: 9 }),
        expect: { members: [a, { ...a, node: 'a#9', uid: 9 }] },
      },
    ],
    [
      'one-tombstone-per-address',
      'gossip',
      {
        kind: 'merge',
        left: { ...gossipOf(a), tombstones: ['b#0'] },
        right: { ...gossipOf(a), tombstones: ['b#1'] },
        expect: { members: [a], tombstones: ['b#0', 'b#1'] },
      },
    ],
    [
      'somebody-leads',
      'atomr-functions',
      { function: 'elect_leader', input: { members: { a: 'down', b: 'joining' } }, expect: null },
    ],
    [
      'addresses-order-by-port-number',
      'atomr-functions',
      {
        function: 'elect_leader',
        input: { members: { 'x:10000': 'up', 'x:2551': 'up' }, unreachable: [] },
        expect: 'x:10000',
      },
    ],
    [
      'exiting-blocks-nobody',
      'atomr-functions',
      {
        function: 'is_converged',
        input: { members: { a: 'up', b: 'exiting' }, unreachable: ['b'] },
        expect: false,
      },
    ],
    [
      'a-frame-has-a-type',
      'atomr-functions',
      {
        function: 'TcpClusterTransport.frame',
        input: { payloadLength: 0 },
        expect: { header: [0, 0, 0, 0], accepted: true },
      },
    ],
    [
      'half-of-the-members-are-all',
      'sbr-safety',
      {
        kind: 'same-view',
        strategy: { name: 'keep-majority' },
        require: 'at-most-one-part-survives',
        parts: [
          {
            nodes: ['a', 'b', 'c'],
            view: viewOf('a', 'a b c', 'a✗b b✗a a✗d c✗d'),
            expect: {
              decision: 'down-indirectly-connected',
              down: ['a', 'b', 'd'],
              survivors: ['c'],
            },
          },
          { nodes: ['d'], view: viewOf('d', 'd', 'd✗a d✗b d✗c') },
        ],
      },
    ],
    [
      'the-second-count-is-against-this-side',
      'sbr-safety',
      {
        kind: 'skewed-view',
        strategy: { name: 'static-quorum', quorumSize: 2 },
        require: 'at-most-one-part-survives',
        parts: [
          {
            nodes: ['a', 'b'],
            view: viewOf('a', 'a b', 'a✗c a✗d', { c: 'joining', d: 'joining' }),
            expect: { decision: 'down-unreachable', down: ['c', 'd'], survivors: ['a', 'b'] },
          },
          {
            nodes: ['c', 'd'],
            view: viewOf('c', 'c d', 'c✗a c✗b', { c: 'joining', d: 'joining' }),
            expect: { decision: 'down-reachable', down: ['c', 'd'], survivors: [] },
          },
        ],
      },
    ],
  ]

  /** Four members, and who does not reach whom. */
  function viewOf(
    self: string,
    seen: string,
    links: string,
    statuses: Readonly<Record<string, string>> = {},
  ): JsonObject {
    const observations = links.split(' ').map((link) => {
      const [observer = '', subject = ''] = link.split('✗')
      return { observer, subject, status: 'unreachable' }
    })
    return {
      self,
      selfDc: 'default',
      members: ['a', 'b', 'c', 'd'].map((node, place) => ({
        node,
        host: node,
        port: 1,
        uid: 0,
        status: statuses[node] ?? 'up',
        upNumber: place,
      })),
      observations,
      unreachable: observations.map(({ subject }) => subject),
      seenBy: seen.split(' '),
    }
  }

  test.each(deviating)('deviate by the rule %s', async (id, suite, data) => {
    const result = await only(suite, { cases: [{ id: 'x', ...data }] })
    expect(result).toEqual({ type: 'deviated', by: [id], id: 'x', kind: expect.anything() })
  })

  test.each([['"Infinity"'], ['Infinity']])(
    'may expect a phi of %s, and get a finite one',
    async (word) => {
      const text = `{"schema": "casty-vectors/failure-detector@1", "phiExact": [{"id": "x",
      "timeDiff": 10000, "mean": 1000, "stdDeviation": 100, "expect": ${word}, "relativeTolerance": 1e-9}]}`
      const folder = temporaryFolder({ 'failure-detector.json': text })
      const [file] = readVectors(folder)
      const [result] = await run(file?.fileName ?? '', file?.content ?? null)
      expect(result).toMatchObject({ type: 'deviated', by: ['phi-stays-finite'] })
    },
  )

  test.each<[string, JsonObject, RegExp]>([
    [
      'an unknown kind',
      { cases: [{ id: 'x', kind: 'guess', expect: 1 }] },
      /kind "guess" is unknown/,
    ],
    ['an unknown section', { cases: [], guesses: [{ id: 'x' }] }, /section "guesses" is unknown/],
    ['a case without a kind', { cases: [{ id: 'x' }] }, /kind is missing/],
    ['a case without what it is about', { cases: [{ id: 'x', kind: 'merge' }] }, /left is missing/],
    ['no cases', { cases: [] }, /holds no cases/],
    ['cases that are no list', { cases: 1 }, /cases is 1, expected an array/],
    ['another version of the schema', { schema: 'casty-vectors/gossip@2', cases: [] }, /version 2/],
    ['another schema', { schema: 'casty-vectors/other@1', cases: [] }, /"other" is not known/],
  ])('fail with a reason for %s', async (_, content, reason) => {
    const result = await only('gossip', content)
    expect(result).toMatchObject({ type: 'failed', reason: expect.stringMatching(reason) })
  })
})

const folders: string[] = []

function temporaryFolder(content: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'casty-vectors-'))
  folders.push(folder)
  for (const [name, text] of Object.entries(content)) writeFileSync(join(folder, name), text)
  return folder
}

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

/** Those kept here, but for what runs clusters. */
function quickVectors(): string {
  return temporaryFolder(
    Object.fromEntries(
      quick.map(({ fileName }) => [fileName, readFileSync(join(vectors, fileName), 'utf8')]),
    ),
  )
}

describe('the command', () => {
  function command(...args: readonly string[]): {
    status: number | null
    stdout: string
    stderr: string
  } {
    const program = join(import.meta.dirname, '../src/main.ts')
    return spawnSync(process.execPath, ['--conditions=@casty/source', program, ...args], {
      encoding: 'utf8',
    })
  }

  test('ends with the totals on a line of their own', () => {
    const { status, stdout } = command(quickVectors())
    expect(stdout).toMatch(/\n\d+ passed, 0 failed, \d+ deviated\n$/)
    expect(status).toBe(0)
  })

  test('prints each failure with file, case, expected and actual, and exits with 1', () => {
    const content = {
      cases: [{ id: 'six', kind: 'prune', clock: { a: 1 }, node: 'a', expect: { b: 2 } }],
    }
    const folder = temporaryFolder({ 'vector-clock.json': JSON.stringify(content) })
    const { status, stdout } = command(folder)
    expect(stdout).toBe(
      [
        '✗ vector-clock.json six (prune)',
        '    answer',
        '      expected {"b":2}',
        '      actual   {}',
        'vector-clock.json: 0 passed, 1 failed',
        '0 passed, 1 failed',
        '',
      ].join('\n'),
    )
    expect(status).toBe(1)
  })

  test('prints one JSON document on demand', () => {
    const { stdout, status } = command(quickVectors(), '--json')
    // The program's own output.
    const report = JSON.parse(stdout) as JsonObject
    expect(report).toMatchObject({ failed: 0, summary: expect.stringMatching(/ passed, 0 failed/) })
    expect(status).toBe(0)
  })

  test('names every deviation with its reason on demand', () => {
    const { stdout } = command(quickVectors(), '--deviations')
    for (const { id, reason } of deviations) expect(stdout).toContain(`${id}\n  ${reason}`)
  })

  test.each([
    [
      'a directory that is not there',
      ['/nowhere'],
      /^The directory \/nowhere cannot be read \(ENOENT\)\.\n$/,
    ],
    ['a flag that is not known', ['--guess'], /^Unknown option '--guess'\. Usage: .*\n$/],
    ['two directories', ['one', 'two'], /^One directory at most is expected, not 2\. Usage: .*\n$/],
  ])('says in one sentence that it cannot use %s, and exits with 2', (_, args, message) => {
    const { status, stdout, stderr } = command(...args)
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    expect(stderr).toMatch(message)
  })

  test.each([
    ['no JSON', { 'gossip.json': '{' }, /gossip\.json is no valid JSON \(.*\)\.\n$/],
    ['no vectors', { 'README.md': '' }, /holds no vector files \(\*\.json\)\.\n$/],
  ])('says in one sentence that a directory holds %s, and exits with 2', (_, content, message) => {
    const { status, stderr } = command(temporaryFolder(content))
    expect(stderr).toMatch(message)
    expect(status).toBe(2)
  })
})

test('a report without deviations does not speak of them', async () => {
  const results = [await runFile('ddata-x.json', { type: 'awaited', name: 'ddata-x' })]
  expect(textReport(results)).toBe('ddata-x.json: not run yet: no package\n0 passed, 0 failed\n')
})

test('the README lists exactly the declared deviations', () => {
  const readme = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8')
  const listed = [...readme.matchAll(/^\| `([a-z-]+)`\s+\|/gm)].map(([, id]) => String(id))
  expect(listed.toSorted()).toEqual(deviations.map(({ id }) => id).toSorted())
})
