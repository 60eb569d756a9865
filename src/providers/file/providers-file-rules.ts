import { isEntraIssuer, isGuid } from '../presets/microsoft.ts'
import { presetIds } from '../presets/presets.ts'

/** What of an entry has to do with something else in it. */
export interface RuledEntry {
  id: string
  preset?: string | undefined
  name?: string | undefined
  issuer?: string | undefined
  authorizationEndpoint?: string | undefined
  tokenEndpoint?: string | undefined
  scopes?: readonly string[] | undefined
  identityClaim?: string | undefined
  smtp?: object | undefined
  mechanisms?: readonly string[] | undefined
  tenant?: string | undefined
  clientId?: string | undefined
  clientSecret?: string | undefined
  clientSecretFile?: string | undefined
  clientSecrets?: readonly { value?: string | undefined }[] | undefined
  certificateFile?: string | undefined
  certificateKeyFile?: string | undefined
  serviceAccountFile?: string | undefined
  clientAuthentication?: string | undefined
}

type Mistake = [path: string, message: string]

/** What an entry of the providers file says that does not go together. */
export function contradictions(entry: RuledEntry): Mistake[] {
  return [
    ...aboutPreset(entry),
    ...(entry.preset === undefined ? missing(entry) : []),
    ...aboutSecrets(entry),
    ...aboutCertificate(entry),
    ...(entry.preset === undefined ? aboutIssuer(entry) : []),
    ...aboutIdentity(entry),
  ]
}

function aboutIdentity({ preset = '', issuer, scopes = [], identityClaim }: RuledEntry): Mistake[] {
  if (identityClaim === undefined) return []
  // There every tenant fills claims as it likes: what may be believed is not the file's to say.
  if (/^(microsoft|outlook)/.test(preset) || (issuer !== undefined && isEntraIssuer(issuer)))
    return [['identityClaim', 'is not for Entra, where the sign-in name decides']]
  if (preset === '' && !(issuer !== undefined && scopes.includes('openid')))
    return [['identityClaim', 'needs an issuer and the scope openid: without them there is no ID token']]
  return []
}

function aboutPreset({ id, preset, tenant }: RuledEntry): Mistake[] {
  if (preset !== undefined && !presetIds.includes(preset))
    return [['preset', `must be one of ${presetIds.join(', ')}`]]
  if (presetIds.includes(id) && preset !== id)
    return [['id', `"${id}" is the id of a built-in provider; choose another, or add "preset": "${id}"`]]
  const isMicrosoft = preset?.startsWith('microsoft') === true
  if (tenant !== undefined && !isMicrosoft) return [['tenant', 'is for the presets of Microsoft only']]
  // The worldwide cloud's issuers are known for every tenant; of the others, by the GUID.
  const byGuid = isMicrosoft && !['microsoft', 'microsoft-hve'].includes(preset)
  if (byGuid && !isGuid(tenant ?? '')) return [['tenant', 'must be the tenant ID (a GUID) in this cloud']]
  return []
}

function missing(entry: RuledEntry): Mistake[] {
  const names = ['name', 'scopes', 'smtp', 'mechanisms'] as const
  const found: Mistake[] = names
    .filter((name) => entry[name] === undefined)
    .map((name) => [name, 'is missing'])
  const { issuer, tokenEndpoint, authorizationEndpoint } = entry
  if (tokenEndpoint === undefined && issuer === undefined)
    found.push(['tokenEndpoint', 'is missing; or give an issuer, whose endpoints are discovered'])
  const authenticates = hasSecret(entry) || entry.certificateFile !== undefined
  if (tokenEndpoint !== undefined && authorizationEndpoint === undefined && !authenticates)
    found.push(['authorizationEndpoint', 'is missing'])
  if (tokenEndpoint === undefined && authorizationEndpoint !== undefined && issuer === undefined)
    found.push(['authorizationEndpoint', 'needs a tokenEndpoint beside it'])
  return found
}

function hasSecret({ clientSecret, clientSecretFile, clientSecrets }: RuledEntry): boolean {
  return [clientSecret, clientSecretFile, clientSecrets].some((given) => given !== undefined)
}

function aboutSecrets(entry: RuledEntry): Mistake[] {
  const { clientSecret, clientSecretFile, clientSecrets, clientAuthentication: way } = entry
  const found: Mistake[] = []
  if (entry.clientId === undefined && entry.serviceAccountFile === undefined)
    found.push(['clientId', 'is missing'])
  if (clientSecret !== undefined && clientSecretFile !== undefined)
    found.push(['clientSecretFile', 'must not stand beside clientSecret; keep one of the two'])
  if (clientSecrets !== undefined && (clientSecret !== undefined || clientSecretFile !== undefined))
    found.push(['clientSecrets', 'must not stand beside a single secret; put that into the list'])
  if (way?.startsWith('client_secret') && !hasSecret(entry))
    found.push(['clientAuthentication', `${way} needs clientSecret or clientSecretFile`])
  if (way === 'none' && hasSecret(entry))
    found.push(['clientAuthentication', '"none" is for a client without a secret'])
  return found
}

function aboutCertificate(entry: RuledEntry): Mistake[] {
  const { certificateFile, certificateKeyFile, clientAuthentication: way } = entry
  const found: Mistake[] = []
  if (certificateFile !== undefined && certificateKeyFile === undefined)
    found.push(['certificateKeyFile', 'is missing beside certificateFile'])
  if (certificateFile === undefined && certificateKeyFile !== undefined)
    found.push(['certificateFile', 'is missing beside certificateKeyFile'])
  if (certificateFile !== undefined && hasSecret(entry))
    found.push(['certificateFile', 'must not stand beside a client secret; keep one of the two'])
  if (way === 'private_key_jwt' && certificateFile === undefined)
    found.push(['clientAuthentication', 'private_key_jwt needs certificateFile and certificateKeyFile'])
  if (way !== undefined && way !== 'private_key_jwt' && certificateFile !== undefined)
    found.push(['clientAuthentication', `${way} does not use the certificate`])
  return found
}

function aboutIssuer({ issuer, scopes = [], tokenEndpoint }: RuledEntry): Mistake[] {
  const found: Mistake[] = []
  const asksWho = scopes.includes('openid')
  if (asksWho && issuer === undefined)
    found.push(['issuer', 'is needed with the scope openid: without it no ID token can be checked'])
  // Where it is for discovery, it has a use without.
  if (!asksWho && issuer !== undefined && tokenEndpoint !== undefined)
    found.push(['scopes', 'must hold openid beside an issuer: without it there is no ID token to check'])
  // Only Entra's own login host is known to name the tenant in the ID token.
  if (
    /[{}]/.test(issuer ?? '') &&
    !/^https:\/\/login\.microsoftonline\.com\/\{tenantid\}\/v2\.0$/.test(issuer ?? '')
  )
    found.push([
      'issuer',
      'must be exact; only https://login.microsoftonline.com/{tenantid}/v2.0 may name a tenant that varies',
    ])
  return found
}
