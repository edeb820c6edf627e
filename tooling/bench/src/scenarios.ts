import type { Scenario } from './scenario.ts'
import { scenario as actor } from './scenarios/actor.ts'
import { scenario as clock } from './scenarios/clock.ts'
import { scenario as ddata } from './scenarios/ddata.ts'
import { scenario as journal } from './scenarios/journal.ts'
import { scenario as membership } from './scenarios/membership.ts'
import { scenario as membershipCore } from './scenarios/membership-core.ts'
import { scenario as oneWay } from './scenarios/one-way.ts'
import { scenario as remote } from './scenarios/remote.ts'
import { scenario as replicator } from './scenarios/replicator.ts'
import { scenario as sbr } from './scenarios/sbr.ts'
import { scenario as sbrCore } from './scenarios/sbr-core.ts'
import { scenario as sharding } from './scenarios/sharding.ts'
import { scenario as shards } from './scenarios/shards.ts'
import { scenario as transport } from './scenarios/transport.ts'
import { scenario as transportTls } from './scenarios/transport-tls.ts'
import { scenario as transportWs } from './scenarios/transport-ws.ts'

/** In the order in which they run. */
export const scenarios: readonly Scenario[] = [
  clock,
  transport,
  transportTls,
  transportWs,
  membership,
  membershipCore,
  sbr,
  sbrCore,
  actor,
  journal,
  remote,
  oneWay,
  sharding,
  shards,
  ddata,
  replicator,
]
