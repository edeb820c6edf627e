// Damaged bytes for every decoder of what a peer sends; see README.md.
import { readCommandLine, usage, type Command } from './command-line.ts'
import { decoders } from './decoders.ts'
import { Done } from './done.ts'
import type { FuzzReport } from './fuzz.ts'
import { isOf, joined, sharesOf } from './shares.ts'
import { doShares } from './workers.ts'

const known = decoders.map(({ name }) => name)
const command = readCommandLine(process.argv.slice(2), known)

switch (command.type) {
  case 'help':
    console.log(usage(known))
    break
  case 'mistake':
    console.error(`${command.message}\n\n${usage(known)}`)
    process.exitCode = 2
    break
  case 'fuzz':
    await run(command)
}

async function run({
  names,
  inputs,
  seed,
  workers,
  keep,
  json,
}: Extract<Command, { readonly type: 'fuzz' }>): Promise<void> {
  const shares = sharesOf(names, inputs, seed)
  const done = new Done(keep)
  const isDone = (report: FuzzReport): boolean => shares.some((share) => isOf(share, report))
  const left = shares.filter((share) => !done.reports.some((report) => isOf(share, report)))
  let count = shares.length - left.length
  await doShares(left, {
    workers,
    done: (report) => {
      done.add(report)
      showProgress(`${++count} of ${shares.length} shares, the last of ${report.decoder}`)
      for (const { what, hex } of report.findings)
        console.error(`${report.decoder}: ${what}: ${hex}`)
    },
  })
  clearProgress()
  const reports = names.flatMap((name) => {
    const own = done.reports.filter((report) => report.decoder === name && isDone(report))
    return joined(own) ?? []
  })
  console.log(json ? JSON.stringify(reports, null, 2) : reports.map(lineOf).join('\n'))
  if (reports.some(({ findings }) => findings.length > 0)) process.exitCode = 1
}

function lineOf(report: FuzzReport): string {
  const { decoder, inputs, read, refused, processorMs, slowestMs, slowestHex, findings } = report
  return [
    `${decoder}: ${inputs} inputs in ${(processorMs / 1_000).toFixed(0)} s of processor, ${read} read, ` +
      `${refused} refused, slowest ${slowestMs.toFixed(1)} ms (${slowestHex.length / 2} bytes), ` +
      `${findings.length} not borne`,
    ...findings.map(({ hex, what }) => `  ${what}: ${hex}`),
  ].join('\n')
}

/** On a terminal one line that is rewritten, elsewhere one for each. */
function showProgress(text: string): void {
  process.stderr.write(process.stderr.isTTY ? `\r\u001B[K${text}` : `${text}\n`)
}

function clearProgress(): void {
  if (process.stderr.isTTY) process.stderr.write('\r\u001B[K')
}
