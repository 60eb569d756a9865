/** What an EHLO reply offers (RFC 5321, section 4.1.1.1), as far as it matters to us. */
export interface Capabilities {
  /** RFC 1870, in octets; absent: not offered; 0: offered without a figure. */
  size?: number
  pipelining: boolean
  eightBitMime: boolean
  smtpUtf8: boolean
  dsn: boolean
  enhancedStatusCodes: boolean
  chunking: boolean
  startTls: boolean
  /** SASL mechanism names in upper case, from `AUTH` and from the old form `AUTH=`. */
  mechanisms: readonly string[]
}
