// Run by a test: holds a lease, and acts as often as it can while it does. The parent stops it, and
// looks at what it does first when it goes on.
import { postgresLease } from '@casty/lease-postgres'
import { timing } from './timing.ts'

const [connectionString = '', name = ''] = process.argv.slice(2)
const lease = postgresLease({ name, owner: 'paused', ...timing, connectionString })
await lease.acquire({ onLost: () => process.send?.('lost') })
setInterval(() => process.send?.(lease.checkLease() ? `acted with ${lease.fence}` : 'idle'), 5)
process.on('disconnect', () => process.exit())
