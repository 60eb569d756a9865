import type { Provider, RegisteredProvider, Registration } from './provider.ts'

/** A provider with our registration filled in. Without anything to authenticate with, the client is a public one, whatever the provider's usual way is. */
export function withRegistration(provider: Provider, registration: Registration): RegisteredProvider {
  const clientAuthentication = authenticationOf(provider, registration)
  return { ...provider, oauth: { ...provider.oauth, clientAuthentication }, registration }
}

function authenticationOf({ oauth }: Provider, { clientSecrets, certificate }: Registration) {
  if (certificate) return 'private_key_jwt'
  if (clientSecrets.length === 0) return 'none'
  return oauth.clientAuthentication === 'none' ? 'client_secret_post' : oauth.clientAuthentication
}
