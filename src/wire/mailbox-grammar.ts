// No length is looked at: the 64 and 255 octets of RFC 5321, section 4.5.3.1, are what every server has to take at least. And this is wider than
// its dot-string on purpose: `name.@` and `na..me@` exist (Japanese mobile carriers gave them out for years). Whether an address exists is the
// provider's to say; here only what could be misread is refused.
const localAtoms = /^[\w!#$%&'*+\-/=?^`{|}~.\u0080-\u{10ffff}]+$/u
const quotedLocal = /^"(?:[^"\\\p{Cc}]|\\[ -~])*"$/u
const domainLabels = /^(?![-.])[\w.\-\u0080-\u{10ffff}]+(?<![-.])$/u
const addressLiteral = /^\[[A-Za-z0-9.:-]+\]$/

/** Whether this may stand between the angle brackets of a command: `Mailbox` of RFC 5321, section 4.1.2, with the letters of RFC 6531. */
export function isMailbox(address: string): boolean {
  const [local, domain] = cutAtDomain(address)
  return !/\p{Cc}/u.test(address) && (localAtoms.test(local) || quotedLocal.test(local)) && isDomain(domain)
}

/**
 * RFC 5321, section 4.1.2: `"till"@example.com` is `till@example.com`, and what is written has the least quoting that is possible. What is
 * quoted in vain would be compared with the name of a mailbox in vain, too.
 */
export function withLeastQuoting(address: string): string {
  const [local, domain] = cutAtDomain(address)
  if (!quotedLocal.test(local)) return address
  const content = local.slice(1, -1).replace(/\\(.)/gu, '$1')
  const isDotString = localAtoms.test(content) && !`.${content}.`.includes('..')
  return `${isDotString ? content : `"${content.replace(/["\\]/g, '\\$&')}"`}@${domain}`
}

/** Empty parts for what has no `@`. */
function cutAtDomain(address: string): [local: string, domain: string] {
  const at = address.lastIndexOf('@')
  return at === -1 ? ['', ''] : [address.slice(0, at), address.slice(at + 1)]
}

function isDomain(domain: string): boolean {
  return addressLiteral.test(domain) || (domainLabels.test(domain) && !domain.includes('..'))
}
