// Which clients a member asks to let go of it, and when all of them have.
import { NodeAddress, NodeIdentity } from '@casty/transport'
import { expect, test } from 'vitest'
import { ClientsLetGo } from '../src/client/clients-let-go.ts'

const clientOf = (port: number): NodeIdentity => NodeIdentity.of(NodeAddress.of('c', port), 1)
const isThere = (): boolean => true

test('a client is asked twice, and what it says unasked counts for nothing', () => {
  const asked: string[] = []
  const lettingGo = new ClientsLetGo(({ address }) => asked.push(String(address)), 10)
  lettingGo.uses(clientOf(1), 0)
  lettingGo.answered(clientOf(1))
  lettingGo.begin(1)
  lettingGo.answered(clientOf(2))
  expect(lettingGo.isDone(isThere)).toBe(false)
  lettingGo.answered(clientOf(1))
  expect(asked).toEqual(['c:1', 'c:1'])
  expect(lettingGo.isDone(isThere)).toBe(false)
  expect(lettingGo.isDone(() => false)).toBe(true)
  lettingGo.answered(clientOf(1))
  expect(lettingGo.isDone(isThere)).toBe(true)
})

test('a client that goes on sending here is asked also where there is no room for another one', () => {
  const asked = new Set<number>()
  const most = 1_000
  const lettingGo = new ClientsLetGo(({ address }) => asked.add(address.port), most)
  for (let port = 1; port <= most; port++) lettingGo.uses(clientOf(port), 0)
  lettingGo.uses(clientOf(most + 1), 1_000)
  lettingGo.uses(clientOf(7), 9_000)
  lettingGo.begin(10_000)
  expect([...asked]).toEqual([7])
})
