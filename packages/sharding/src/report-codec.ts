// What nodes report of copies, as bytes. Of all shards of a type they know of the same censuses, with all nodes that had copies by name: each
// of these lists is written once, ahead of all, and named by place.
import { TransportError } from '@casty/transport'
import { maxNodeBytes } from './codec-limits.ts'
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

function writeCensus(writer: MessageWriter, { census, hosts, isLate }: CensusReport): void {
  writer.body.varint(census).bool(isLate)
  writer.list(hosts, (host) => writer.body.string(host, maxNodeBytes))
}

export function readReports(fields: MessageReader): readonly ReplicaReport[] {
  const lists = fields.list(1, () => fields.list(3, () => readCensus(fields)))
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
  const [census, isLate] = [fields.counter(), fields.bool()]
  return { census, isLate, hosts: fields.list(1, () => fields.text(maxNodeBytes)) }
}
