{
  "access_token": "access-token-of-desk",
  "client_id": "22223333-aaaa-4444-bbbb-666677778888",
  "client_secret": "",
  "token_endpoint": "https://login.microsoftonline.com/consumers/oauth2/v2.0/token",
  "user": "desk@contoso.onmicrosoft.com",
  "expiry": 1764000000,
  "refresh_token": "refresh-token-of-desk"
}
