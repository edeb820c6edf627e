// Makes a network with somebody who runs in it, tells the names of its namespaces, and waits until it is ended.
import { spawn } from 'node:child_process'
import { parent } from '../../child-process/index.ts'
import { Lan } from './lan.ts'
import type { LanReport } from './protocol.ts'

const { report, fail } = parent<LanReport>()

const lan = await Lan.create(['a', 'b']).catch(fail)
const namespaces = ['a', 'b'].map((host) => lan.namespaceOf(host))
const [first = ''] = namespaces
// Apart from this one, so that no signal to this one reaches it.
const guest = spawn('ip', ['netns', 'exec', first, 'tail', '-f', '/dev/null'], {
  detached: true,
  stdio: 'ignore',
})
guest.once('spawn', () => report({ type: 'made', namespaces, guest: guest.pid ?? 0 }))
process.on('disconnect', () => process.exit(0))
