/**
 * Types of the frames that this package sends, of 32 to 39 that are its own: messages, answers, word that
 * there will be none, any number of them in one frame, and word of which recipients and classes are known travel on the
 * data lane; system messages on the control lane; what clients and members tell each other on both.
 */
export const remoteFrameTypes = {
  messages: 32,
  recipients: 35,
  client: 36,
  classes: 37,
  system: 39,
} as const
