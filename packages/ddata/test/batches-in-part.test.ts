import { expect, test } from 'vitest'
import { DDataError, type Applied } from '../src/errors.ts'
import { allChanged } from '../src/structures/parts.ts'

function failing(applied: Applied): Promise<never> {
  return Promise.reject(DDataError.unavailable('putMany of map m', 'no node is there', applied))
}

test.each([
  ['had no effect anywhere', () => [failing('no'), failing('no')], 'no'],
  [
    'was done in one part, and in another not',
    () => [Promise.resolve(1), failing('no')],
    'unknown',
  ],
  ['was done in no part, or nobody knows', () => [failing('no'), failing('unknown')], 'unknown'],
] as const)('a change of several parts that %s says so', async (_, changes, applied) => {
  const code = 'CASTY_DDATA_UNAVAILABLE'
  const expected = { code, applied, isRetryable: true }
  await expect(allChanged<number>(changes())).rejects.toMatchObject(expected)
})

test('a change of several parts answers for all of them', async () => {
  expect(await allChanged([Promise.resolve(1), Promise.resolve(2)])).toEqual([1, 2])
})
