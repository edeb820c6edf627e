import fc from 'fast-check'
import { messages } from '../../../../packages/membership/test/codec-messages.ts'
import {
  decodeClientMessage,
  encodeClientMessage,
  type NewsContent,
} from '../../../../packages/remote/src/client/client-messages.ts'
import {
  decodeSystemFrame,
  encodeSystemFrame,
} from '../../../../packages/remote/src/system-delivery/system-frame.ts'
import {
  decodeWatchMessage,
  encodeWatchMessage,
} from '../../../../packages/remote/src/watch/watch-messages.ts'
import type { FuzzedDecoder } from '../decoder.ts'

const refusals = ['CASTY_TRANSPORT_MALFORMED']

const watches = [
  encodeWatchMessage({ type: 'watch', id: 300, target: { path: '/shop/cart', uid: 7 } }),
  encodeWatchMessage({ type: 'unwatch', id: 3 }),
  encodeWatchMessage({
    type: 'terminated',
    id: 1,
    ending: 'failed',
    mark: { session: 5, sequence: 70_000 },
  }),
]

const watch: FuzzedDecoder = {
  name: 'watches',
  seeds: watches,
  refusals,
  decode: decodeWatchMessage,
}

const system: FuzzedDecoder = {
  name: 'system-messages',
  seeds: [
    encodeSystemFrame({
      incarnation: 1_700_000_000_000,
      session: 2,
      acknowledged: 9,
      first: 4,
      messages: watches,
    }),
    encodeSystemFrame({ incarnation: 1, session: 0, acknowledged: 0, first: 0, messages: [] }),
  ],
  refusals,
  decode: (bytes) => decodeSystemFrame(bytes, 0, bytes.length),
}

const news = fc.sample(messages, { seed: 2, numRuns: 300 }).filter(isNews)

const clients: FuzzedDecoder = {
  name: 'clients',
  seeds: [
    encodeClientMessage({ type: 'greeting', sequence: 300, isContact: true }),
    encodeClientMessage({
      type: 'welcome',
      sequence: 1,
      standing: 'full',
      life: 2,
      contentDigest: 77_777,
      registryDigest: 3,
    }),
    encodeClientMessage({ type: 'topics', topics: [{ name: 'prices', ref: 'a:1#2/listener' }] }),
    encodeClientMessage({ type: 'busy', dropped: 12 }),
    encodeClientMessage({ type: 'bye' }),
    ...news
      .slice(0, 20)
      .map((content) =>
        encodeClientMessage({ type: 'news', isWhole: true, isLast: false, content }),
      ),
  ],
  refusals,
  decode: (bytes) => decodeClientMessage(bytes),
}

function isNews(message: { readonly type: string }): message is NewsContent {
  return message.type === 'gossip' || message.type === 'sections'
}

export const remoteDecoders: readonly FuzzedDecoder[] = [watch, system, clients]
