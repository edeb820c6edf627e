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

const held: number[] = []
const dialByAddress = await failureWithoutDescriptors(listener.address)
const dialByName = await failureWithoutDescriptors(
  NodeAddress.of('localhost', listener.address.port),
)
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

/** A dial that connects has found a descriptor somebody else in this process let go of meanwhile: it is made again without. */
async function failureWithoutDescriptors(address: NodeAddress): Promise<unknown> {
  for (;;) {
    useUpDescriptors()
    const failure = await failureOf(address)
    if (failure !== 'connected') return failure
  }
}

function useUpDescriptors(): void {
  try {
    for (;;) held.push(openSync(devNull, 'r'))
  } catch {
    // EMFILE: as many as there are.
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
