{
	"access_token" : "access-token-of-notes",
	"expiry" : "1764000000",
	"refresh_token" : "refresh-token-of-notes"
}
