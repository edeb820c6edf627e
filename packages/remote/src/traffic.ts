/** Counts since the layer was attached. */
export interface Traffic {
  messagesSent: number
  questionsSent: number
  answersSent: number
  messagesReceived: number
  questionsReceived: number
  answersReceived: number
  bytesSent: number
  bytesReceived: number
  /** Frames that came and were not heeded, by reason. */
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
