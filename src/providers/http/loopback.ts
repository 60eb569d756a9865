/** Whether this URL host (as `URL.hostname` gives it) never leaves the machine: the only place for plain HTTP. */
export function isLoopbackHost(hostname: string): boolean {
  const bare = hostname.toLowerCase()
  return bare === 'localhost' || bare.endsWith('.localhost') || bare === '[::1]' || isLoopbackIpv4(bare)
}

/** All of 127.0.0.0/8 (RFC 1122, section 3.2.1.3). The URL parser has turned its short and hexadecimal forms into this one. */
function isLoopbackIpv4(host: string): boolean {
  return /^127(\.\d{1,3}){3}$/.test(host)
}
