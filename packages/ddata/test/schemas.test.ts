// Schemas of whatever library, as the answers of their checks come.
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import type { StandardSchema } from '@casty/ddata'
import { DataWorld } from './data-world.ts'

type Answer = { readonly value: string } | { readonly issues: readonly { message: string }[] }

/** Texts, in capitals; `bad` is refused. */
function check(value: unknown): Answer {
  return value === 'bad'
    ? { issues: [{ message: 'it is bad' }] }
    : { value: `${value}`.toUpperCase() }
}

function schemaOf(validate: (value: unknown) => unknown): StandardSchema<string> {
  const parts = { version: 1, vendor: 'test', validate }
  return { '~standard': parts } as StandardSchema<string>
}

/** What another realm makes is no instance of anything here. */
const foreignPromise = runInNewContext('(answer) => Promise.resolve(answer)') as (
  answer: Answer,
) => PromiseLike<Answer>

const thenable = (answer: Answer): PromiseLike<Answer> =>
  // oxlint-disable-next-line unicorn/no-thenable -- That is what it is.
  ({ then: (...ends) => Promise.resolve(answer).then(...ends) }) satisfies PromiseLike<Answer>

test.each([
  ['at once', check],
  ['as a promise', async (value: unknown) => await Promise.resolve(check(value))],
  ['as a promise of another realm', (value: unknown) => foreignPromise(check(value))],
  ['as something that has then, and nothing else', (value: unknown) => thenable(check(value))],
])('a schema may answer %s', async (_how, validate) => {
  await using world = await DataWorld.of('a')
  const schema = schemaOf(validate)
  const map = world.on('a').map<string, string>('m', { key: schema, value: schema })
  const set = world.on('a').set<string>('s', { value: schema })
  const queue = world.on('a').queue<string>('q', { value: schema })
  await world.settled(map.putMany([['k', 'one'], ['l', 'two']])) // prettier-ignore
  expect(await world.settled(map.getMany(['k', 'l']))).toEqual(new Map([['k', 'ONE'], ['l', 'TWO']])) // prettier-ignore
  await world.settled(Promise.all([set.add('x'), queue.enqueue('y')]))
  expect(await world.settled(set.contains('X'))).toBe(true)
  expect(await world.settled(queue.dequeue())).toBe('Y')
  for (const call of [
    () => map.put('bad', 'v'),
    () => set.add('bad'),
    () => queue.enqueue('bad'),
  ]) {
    await expect(world.settled<unknown>(call())).rejects.toMatchObject({
      code: 'CASTY_DDATA_VALIDATION',
      message: expect.stringContaining('it is bad'),
      cause: [{ message: 'it is bad' }],
    })
  }
  const changes = map.watch({ keys: ['x'], initial: true })
  const put = (value: string) => ({ type: 'put', key: 'X', value })
  await world.settled(map.put('X', 'there'))
  expect((await world.settled(changes.next())).value).toMatchObject(put('THERE'))
  const next = changes.next()
  await world.settle() // What is there is read.
  await world.settled(map.putMany([['k', 'other'], ['x', 'new']])) // prettier-ignore
  let told = (await world.settled(next)).value
  while (told?.type === 'put' && told.value === 'THERE') {
    told = (await world.settled(changes.next())).value
  }
  expect(told).toMatchObject(put('NEW'))
  await changes.return?.()
  const bad = (async () => await map.watch({ keys: ['bad'] }).next())()
  await expect(world.settled(bad)).rejects.toMatchObject({ code: 'CASTY_DDATA_VALIDATION' })
})

test.each([
  ['nothing', () => undefined],
  ['null', () => null],
  ['a text', () => 'fine'],
  ['a promise of nothing', async () => await Promise.resolve(undefined)],
])(
  'a schema that answers with %s has checked nothing, and nothing is sent',
  async (_what, validate) => {
    await using world = await DataWorld.of('a')
    const set = world.on('a').set<string>('s', { value: schemaOf(validate) })
    await expect(world.settled(set.add('x'))).rejects.toMatchObject({
      code: 'CASTY_DDATA_VALIDATION',
      applied: 'no',
      message: expect.stringContaining('was not checked'),
    })
    expect(await world.settled(set.size())).toBe(0)
  },
)
