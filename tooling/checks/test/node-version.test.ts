import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { bundledNode, judgeNode } from '../../node-version.mjs'
import { workspaceRoot } from '../workspace.ts'

// Of the root manifest, only what is asked here.
const { engines } = JSON.parse(readFileSync(join(workspaceRoot, 'package.json'), 'utf8')) as {
  readonly engines: { readonly node: string }
}

test.each(['0.10.48', '8.17.0', '14.21.3', '16.20.2', '18.20.8', '19.9.0'])(
  'Node %s is refused in one sentence that says what to do',
  (version) => {
    const verdict = judgeNode(version, '>=24.0')
    expect(verdict).toEqual({
      type: 'refuse',
      sentence:
        `casty needs Node 20 or newer to set itself up, and this is Node ${version}: ` +
        'install a current Node from https://nodejs.org and run the command again.',
    })
  },
)

test.each([
  ['20.0.0', '>=24.0', 'fetch'],
  ['20.20.2', '>=24.0', 'fetch'],
  ['22.17.1', '>=22.18', 'fetch'],
  ['22.18.0', '>=22.18', 'use-own'],
  ['23.11.1', '>=24.0', 'fetch'],
  ['24.0.0', '>=24.0', 'use-own'],
  ['26.10.0', '>=24.0', 'use-own'],
])('Node %s where %s is wanted: %s', (version, wanted, type) => {
  expect(judgeNode(version, wanted).type).toBe(type)
})

test('the Node that is fetched is new enough itself', () => {
  expect(judgeNode(bundledNode.replace('node@', ''), engines.node).type).toBe('use-own')
})
