/** Counts since the layer was attached. */
export interface Traffic {
  messagesSent: number
  questionsSent: number
  answersSent: number
  messagesReceived: number
  questionsReceived: number
  answersReceived: number
  /** Of messages, answers, and words that there will be none; each with the head of a frame, also where it shares one. */
  bytesSent: number
  /** The same of what came, without heads that were shared. */
  bytesReceived: number
  /** What came and was not heeded, by reason: each message or answer by itself, and frames that cannot be read so far. */
  malformed: number
  late: number
  fromGoneNode: number
  otherSerializer: number
  unknownRecipient: number
}

export function noTraffic(): Traffic {
  return {
    messagesSent: 0,
    questionsSent: 0,
    answersSent: 0,
    messagesReceived: 0,
    questionsReceived: 0,
    answersReceived: 0,
    bytesSent: 0,
    bytesReceived: 0,
    malformed: 0,
    late: 0,
    fromGoneNode: 0,
    otherSerializer: 0,
    unknownRecipient: 0,
  }
}
