// What nodes report of copies, as bytes. Of all shards of a type they know of the same censuses, with all nodes that had copies: each
// of these lists is written once, ahead of all, and named by place.
import { TransportError } from '@casty/transport'
import type { MessageReader } from './codec-reader.ts'
import type { MessageWriter } from './codec-writer.ts'
import type { CensusReport, ReplicaReport } from './protocol.ts'

type Censuses = ReplicaReport['censuses']

export function writeReports(writer: MessageWriter, reports: readonly ReplicaReport[]): void {
  const { body } = writer
  const lists = [...new Set(reports.map(({ censuses }) => censuses))]
  const places = new Map(lists.map((censuses, place) => [censuses, place]))
  writer.list(lists, (censuses) => writer.list(censuses, (census) => writeCensus(writer, census)))
  writer.list(reports, (report) => {
    const { copies, lineage, censuses } = report
    writer.shard(report)
    body.bool(copies !== undefined)
    if (copies) body.varint(copies.epoch).varint(copies.position)
    body.bool(lineage !== undefined)
    if (lineage) body.varint(lineage.bornIn).bool(lineage.isConfirmed)
    body.varint(places.get(censuses) ?? 0)
  })
}

function writeCensus(writer: MessageWriter, report: CensusReport): void {
  const { census, hosts, isLate, namesAll, diskSince } = report
  writer.body.varint(census).bool(isLate).bool(namesAll).varint(diskSince)
  writer.nodes(hosts)
}

export function readReports(fields: MessageReader): readonly ReplicaReport[] {
  const lists = fields.list(1, () => fields.list(5, () => readCensus(fields)))
  return fields.list(6, () => readReport(fields, lists))
}

function readReport(fields: MessageReader, lists: readonly Censuses[]): ReplicaReport {
  const shard = fields.shard()
  const copies = fields.bool() ? { epoch: fields.counter(), position: fields.counter() } : undefined
  const lineage = fields.bool()
    ? { bornIn: fields.counter(), isConfirmed: fields.bool() }
    : undefined
  const censuses = lists[fields.upTo(Math.max(0, lists.length - 1), 'A list of censuses')]
  if (censuses) return { ...shard, copies, lineage, censuses }
  throw TransportError.malformed('A report names a list of censuses, and there is none')
}

function readCensus(fields: MessageReader): CensusReport {
  const [census, isLate, namesAll] = [fields.counter(), fields.bool(), fields.bool()]
  const diskSince = fields.upTo(Number.MAX_SAFE_INTEGER, 'An incarnation')
  return { census, isLate, namesAll, diskSince, hosts: fields.nodes(Number.POSITIVE_INFINITY) }
}
