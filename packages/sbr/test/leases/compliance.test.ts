import { ManualClock } from '@casty/clock'
import { inMemoryLease, InMemoryLeases } from '@casty/sbr'
import { leaseCompliance } from '@casty/sbr/compliance'

const ttlMs = 30_000
const clock = new ManualClock()
const leases = new InMemoryLeases({ clock })

leaseCompliance('inMemoryLease', {
  open: (name, owner) => inMemoryLease({ leases, name, owner, ttlMs }),
  ttlMs,
  pass: (ms) => clock.advanceAsync(ms),
  cut: (owner, what) => leases.cut(owner, what === 'answers' ? 'answers' : undefined),
  mend: (owner) => leases.mend(owner),
  take: (name) => leases.take(name),
})
