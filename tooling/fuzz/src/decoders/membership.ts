import { decodeMessage, encodeMessage } from '@casty/membership'
import fc from 'fast-check'
import { messages } from '../../../../packages/membership/test/codec-messages.ts'
import type { FuzzedDecoder } from '../decoder.ts'

/** What is read will be told to others: it must also be possible to write it. */
const membership: FuzzedDecoder = {
  name: 'membership',
  seeds: fc.sample(messages, { seed: 1, numRuns: 300 }).map(encodeMessage),
  refusals: ['CASTY_TRANSPORT_MALFORMED'],
  decode(bytes) {
    const message = decodeMessage(bytes)
    return [message, encodeMessage(message)]
  },
}

export const membershipDecoders: readonly FuzzedDecoder[] = [membership]
