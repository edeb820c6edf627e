// A long run in shares: each is one run of its own seed, so that several workers do them in any order, and what is done is done.
import type { FuzzReport } from './fuzz.ts'

export interface Share {
  readonly decoder: string
  readonly seed: number
  readonly inputs: number
}

export const inputsPerShare = 100_000

/** The same for the same seed, whoever does them: the first share of each decoder first. */
export function sharesOf(names: readonly string[], inputs: number, seed: number): readonly Share[] {
  const count = Math.ceil(inputs / inputsPerShare)
  return Array.from({ length: count }, (_, index) => ({
    seed: seed + index * 1_000_003,
    inputs: Math.min(inputsPerShare, inputs - index * inputsPerShare),
  })).flatMap((share) => names.map((decoder) => ({ decoder, ...share })))
}

export function isOf({ decoder, seed, inputs }: Share, report: FuzzReport): boolean {
  return decoder === report.decoder && seed === report.seed && inputs === report.inputs
}

/** All shares of one decoder as one run. */
export function joined(reports: readonly FuzzReport[]): FuzzReport | undefined {
  const [first] = reports
  if (first === undefined) return undefined
  const slowest = reports.toSorted((left, right) => right.slowestMs - left.slowestMs)[0] ?? first
  const sumOf = (count: (report: FuzzReport) => number): number =>
    reports.reduce((sum, report) => sum + count(report), 0)
  return {
    decoder: first.decoder,
    seed: Math.min(...reports.map(({ seed }) => seed)),
    inputs: sumOf(({ inputs }) => inputs),
    read: sumOf(({ read }) => read),
    refused: sumOf(({ refused }) => refused),
    processorMs: sumOf(({ processorMs }) => processorMs),
    slowestMs: slowest.slowestMs,
    slowestHex: slowest.slowestHex,
    findings: reports.flatMap(({ findings }) => findings),
  }
}
