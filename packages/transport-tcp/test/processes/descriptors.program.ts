// Run by the tests with a limit of 64 descriptors: uses all of them up, dials, lets go, and reports.
import { closeSync, openSync } from 'node:fs'
import { devNull } from 'node:os'
import { NodeAddress, type Channel } from '@casty/transport'
import { tcpTransport } from '@casty/transport-tcp'
import { deferred } from '../support.ts'

const transport = tcpTransport()
const accepted = { hand: (channel: Channel): void => channel.close() }
const listener = await transport.listen(NodeAddress.parse('127.0.0.1:0'), (channel) =>
  accepted.hand(channel),
)

const held = useUpDescriptors()
const dialByAddress = await failureOf(listener.address)
const dialByName = await failureOf(NodeAddress.of('localhost', listener.address.port))
// With one descriptor to spare the dial succeeds, and it is the accept that finds none.
closeSync(held.pop() ?? 0)
const starved = await transport.dial(listener.address)
const { promise: starvedClosed, resolve: closed } = deferred<void>()
starved.open({ received() {}, drained() {}, closed: () => closed(undefined) })
await Promise.race([starvedClosed, new Promise((resolve) => setImmediate(resolve))])
for (const descriptor of held) closeSync(descriptor)

const { promise, resolve } = deferred<Channel>()
accepted.hand = resolve
const dialled = await transport.dial(listener.address)
const acceptedAfterwards = (await promise).source === '127.0.0.1'
dialled.close()
starved.close()
;(await promise).close()
process.send?.({ dialByAddress, dialByName, acceptedAfterwards })
process.disconnect()
await listener[Symbol.asyncDispose]()

function useUpDescriptors(): number[] {
  const descriptors: number[] = []
  try {
    for (;;) descriptors.push(openSync(devNull, 'r'))
  } catch {
    return descriptors // EMFILE: as many as there are.
  }
}

async function failureOf(address: NodeAddress): Promise<unknown> {
  try {
    ;(await transport.dial(address)).close()
    return 'connected'
  } catch (error) {
    return error instanceof Error && 'failure' in error ? error.failure : error
  }
}
