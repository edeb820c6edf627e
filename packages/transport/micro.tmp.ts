import { systemClock } from '@casty/clock'
import { Endpoint, NodeAddress, type Channel, type Transport } from './src/index.ts'
import { RawBatch } from '../../tooling/bench/src/transport/raw-batch.ts'
import { createMemoryNetwork } from './src/index.ts'
// null sink: real handshake over the memory network, then channel.write swallowed
let swallow = false
const net = createMemoryNetwork({ clock: systemClock })
function wrap(t: Transport): Transport {
  const w = (c: Channel): Channel => ({ source: c.source, get bufferedBytes() { return swallow ? 0 : c.bufferedBytes }, open: (s) => c.open(s), write: (b) => swallow ? true : c.write(b), pause: () => c.pause(), resume: () => c.resume(), close: (o) => c.close(o) })
  return { name: t.name, listen: (a, acc) => t.listen(a, (c) => acc(w(c))), dial: async (a, o) => w(await t.dial(a, o)) }
}
const opt = { clock: systemClock, address: NodeAddress.parse('127.0.0.1:0'), incarnation: 1, clusterName: 'x' }
const a = await Endpoint.start({ ...opt, transport: wrap(net.transport()) })
const b = await Endpoint.start({ ...opt, transport: wrap(net.transport()) })
const peer = await a.connect(b.self.address)
const payload = new Uint8Array(100).fill(7)
a.send(peer, 'data', 32, payload)
await new Promise(r => setTimeout(r, 100))
swallow = true
const raw = new RawBatch({ on() {}, write() { return true }, writableLength: 0 } as never)
async function run(f: () => void) { let best = 1e9; for (let r = 0; r < 12; r++) { const t = performance.now(); for (let turn = 0; turn < 300; turn++) { for (let i = 0; i < 1000; i++) f(); await null } best = Math.min(best, (performance.now() - t) / 300 * 1000) } return best.toFixed(1) }
for (let k = 0; k < 3; k++) {
console.log('casty', await run(() => { a.send(peer, 'data', 32, payload, 0, 100) }), 'raw', await run(() => { raw.send(payload, 0, 100) }))
}
process.exit()
