import type { NodeIdentity, NodeKey } from '@casty/membership'
import {
  downRemovalMarginMs,
  leaseName,
  ruleDefaults,
  unstableAfterMs,
  type Lease,
  type ResolverSettings,
} from '@casty/sbr'
import {
  isAbsent,
  MalformedVector,
  numberOf,
  objectOf,
  objectsOf,
  oneOf,
  sorted,
  textOf,
  type Json,
  type JsonObject,
} from '../json.ts'
import { memberOf } from '../member-json.ts'
import { NodeLabels } from '../node-labels.ts'
import { sbrViewOf, setOf, strategyOf } from '../sbr-model.ts'
import { SbrTimeline } from '../sbr-timeline.ts'
import { casesBySection } from '../sections.ts'
import { answer, fact, type Fact, type Suite } from '../vector-case.ts'

/** Timelines of one node's resolver, and what is derived from its settings. */
export const sbrRuntime: Suite = (file) =>
  casesBySection('sbr-runtime', file, {
    timelines: timelineFacts,
    settings: ({ stableAfterMs, downAllWhenUnstable, expectMs }) =>
      answer(
        expectMs,
        unstableAfterMs({
          stableAfterMs: numberOf(stableAfterMs, 'stableAfterMs'),
          downAllWhenUnstable: switchOf(downAllWhenUnstable, 'downAllWhenUnstable'),
        }) ?? null,
      ),
    leaseNames: ({ systemName, leaseName: name, expect }) =>
      answer(
        textOf(expect, 'expect').replace('<suffix>', 'casty-sbr'),
        leaseName(textOf(systemName, 'systemName'), textOf(name, 'leaseName')),
      ),
    removalMargin: marginFacts,
  })

function switchOf(value: Json | undefined, what: string): 'on' | 'off' | number {
  return typeof value === 'number' ? value : oneOf(value, ['on', 'off'] as const, what)
}

function marginFacts(data: JsonObject): readonly Fact[] {
  const margin = switchOf(data['downRemovalMargin'], 'downRemovalMargin')
  const derived = downRemovalMarginMs({
    stableAfterMs: numberOf(data['stableAfterMs'], 'stableAfterMs'),
    ...(typeof margin === 'number' ? { downRemovalMarginMs: margin } : {}),
  })
  return answer(data['expectMs'], derived)
}

function timelineFacts(data: JsonObject): readonly Fact[] {
  const steps = objectsOf(data['steps'], 'steps')
  const everybody = membersIn(steps)
  const labels = new NodeLabels(everybody)
  const key = (value: Json | undefined, what: string): NodeKey =>
    labels.identity(textOf(value, what)).key
  const dataCenter = textOf(data['selfDc'] ?? 'default', 'selfDc')
  const settings = objectOf(data['settings'], 'settings')
  const { tickIntervalMs } = settings
  const timeline = new SbrTimeline(
    (lease) => settingsOf(data, settings, everybody, lease),
    key(data['self'], 'self'),
    dataCenter,
    isAbsent(tickIntervalMs) ? undefined : numberOf(tickIntervalMs, 'tickIntervalMs'),
  )
  return steps.flatMap((step, index) => {
    if (!isAbsent(step['expectDown'])) {
      const downed = sorted(timeline.takeDowned().map((one) => labels.label(one)))
      return [fact(`step ${index}: downed`, setOf(step['expectDown']), downed)]
    }
    if (isAbsent(step['advanceMs'])) happen(timeline, step, labels, key)
    else timeline.advance(numberOf(step['advanceMs'], 'advanceMs'))
    return []
  })
}

/** Each node once, however often it is named. */
function membersIn(steps: readonly JsonObject[]): readonly JsonObject[] {
  const named = steps.flatMap((step) =>
    isAbsent(step['members']) ? [] : objectsOf(step['members'], 'members'),
  )
  return [...new Map(named.map((one) => [textOf(one['node'], 'node'), one])).values()]
}

function settingsOf(
  data: JsonObject,
  settings: JsonObject,
  members: readonly JsonObject[],
  lease: Lease,
): ResolverSettings {
  const unstable = settings['downAllWhenUnstableMs']
  const view = sbrViewOf({ self: data['self'] ?? null, members })
  return {
    strategy: strategyOf(objectOf(data['strategy'], 'strategy'), view, lease),
    stableAfterMs: numberOf(settings['stableAfterMs'], 'stableAfterMs'),
    unstableAfterMs: isAbsent(unstable) ? undefined : numberOf(unstable, 'downAllWhenUnstableMs'),
    downAllWhenIndirectlyConnected: ruleDefaults.downAllWhenIndirectlyConnected,
  }
}

function happen(
  timeline: SbrTimeline,
  step: JsonObject,
  labels: NodeLabels,
  key: (value: Json | undefined, what: string) => NodeKey,
): void {
  const nodes = (): readonly NodeIdentity[] =>
    objectsOf(step['members'], 'members').map((one) => labels.identity(textOf(one['node'], 'node')))
  const tellMembers = (): void => {
    for (const one of objectsOf(step['members'], 'members')) {
      timeline.memberChanged(memberOf(one, labels.identity(textOf(one['node'], 'node'))))
    }
  }
  const event = textOf(step['event'], 'event')
  switch (event) {
    case 'member-up':
    case 'member-weakly-up':
      return tellMembers()
    case 'member-removed':
      return nodes().forEach((node) => timeline.memberRemoved(node.key))
    case 'unreachable':
    case 'reachable':
      tellMembers()
      return nodes().forEach((node) =>
        timeline.reachabilityChanged(node.key, event === 'unreachable'),
      )
    case 'leader-changed':
      return timeline.leaderChanged(key(step['leader'], 'leader'))
    case 'observations':
      return timeline.observed(
        objectsOf(step['observations'], 'observations').flatMap((one) => {
          const status = oneOf(
            one['status'],
            ['reachable', 'unreachable', 'terminated'] as const,
            'status',
          )
          const observer = key(one['observer'], 'observer')
          const subject = key(one['subject'], 'subject')
          return status === 'reachable' ? [] : [{ observer, subject, status }]
        }),
      )
    case 'tick':
      return timeline.tick()
    case 'lease-next-acquire':
      return timeline.leaseAnswers(step['result'] === true)
    default:
      throw new MalformedVector(`event "${event}" is unknown`)
  }
}
