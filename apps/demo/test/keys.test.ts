import { expect, test } from 'vitest'
import { Interaction, type KeyTarget } from '../src/interaction.ts'
import { readKeys } from '../src/keys.ts'
import { ended } from './scenes.ts'

test.each([
  { input: 'k', keys: [{ type: 'letter', letter: 'k' }] },
  { input: 'K', keys: [{ type: 'letter', letter: 'k' }] },
  {
    input: '2p',
    keys: [
      { type: 'digit', digit: 2 },
      { type: 'letter', letter: 'p' },
    ],
  },
  { input: '\u001B[A\u001BOB', keys: [{ type: 'up' }, { type: 'down' }] },
  { input: '\u0003', keys: [{ type: 'interrupt' }] },
  { input: '\u001B[1;5C\u001B[3~', keys: [] },
  { input: '\r\n ü😀', keys: [] },
])('reads the keys in $input', ({ input, keys }) => {
  expect(readKeys(input)).toEqual(keys)
})

/** Three nodes, of which `dead` are gone and `paused` stopped. */
function stage(dead: readonly string[] = [], paused: readonly string[] = []) {
  const names = ['n1', 'n2', 'n3']
  const done: string[] = []
  const note =
    (what: string) =>
    (name: string): void =>
      void done.push(`${what} ${name}`)
  const target: KeyTarget = {
    names,
    isAlive: (name) => !dead.includes(name),
    isPaused: (name) => paused.includes(name),
    kill: note('kill'),
    pause: note('pause'),
    resume: note('resume'),
    restart: note('restart'),
    leave: note('leave'),
    add: () => {
      names.push(`n${names.length + 1}`)
      return names.at(-1) ?? ''
    },
  }
  const notices: string[] = []
  const interaction = new Interaction(
    target,
    (text) => void notices.push(text),
    () => void done.push('quit'),
  )
  const type = (input: string): void => {
    for (const key of readKeys(input)) interaction.press(key)
  }
  return { interaction, type, done, notices }
}

test.each([
  { input: 'k', done: ['kill n1'] },
  { input: '3k', done: ['kill n3'] },
  { input: '\u001B[Bp', done: ['pause n2'] },
  { input: '\u001B[B\u001B[Al', done: ['leave n1'] },
  { input: '\u001B[Al', done: ['leave n1'] },
  { input: '9l', done: ['leave n1'] },
  { input: 'ak', done: ['kill n4'] },
  { input: 'q', done: ['quit'] },
  { input: '\u0003', done: ['quit'] },
  { input: 'x', done: [] },
])('does what $input asks for', ({ input, done }) => {
  const played = stage()
  played.type(input)
  expect(played.done).toEqual(done)
})

test('lets a node that is paused go on', () => {
  const played = stage([], ['n1'])
  played.type('p')
  expect(played.done).toEqual(['resume n1'])
})

test('does not ask a node to leave that cannot hear it', () => {
  const played = stage([], ['n1'])
  played.type('l')
  expect(played.done).toEqual([])
  expect(played.notices).toEqual(['n1 is stopped and hears nothing: p lets it go on.'])
})

test.each(['k', 'p', 'l'])('says of a dead node that %s does not help', (key) => {
  const played = stage(['n1'])
  played.type(key)
  expect(played.done).toEqual([])
  expect(played.notices).toEqual(['The process of n1 is gone: r starts it again.'])
})

test('restarts a dead node at once', () => {
  const played = stage(['n1'])
  played.type('r')
  expect(played.done).toEqual(['restart n1'])
})

test('kills a living node, and restarts it once it is gone', () => {
  const played = stage()
  played.type('r')
  played.interaction.heed(ended('n2', 'killed'))
  expect(played.done).toEqual(['kill n1'])
  played.interaction.heed(ended('n1', 'killed'))
  played.interaction.heed(ended('n1', 'killed'))
  expect(played.done).toEqual(['kill n1', 'restart n1'])
})

test('adds nodes up to the most that there is room for', () => {
  const played = stage()
  played.type('a'.repeat(18))
  expect(played.interaction.selected).toBe('n20')
  expect(played.notices.at(-1)).toBe('20 nodes are the most that there is room for.')
})
