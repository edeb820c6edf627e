// Loaded into each process of a pair before its program: says, whenever it is asked, how much it has used of a
// processor since it began. That tells more than what got done in a second, where others use the machine as well.
import type { PairReport } from './pair.ts'

process.on('message', (message) => {
  if (message !== 'use') return
  const { user, system } = process.cpuUsage()
  const report: PairReport = { type: 'used', micros: user + system }
  process.send?.(report)
})
