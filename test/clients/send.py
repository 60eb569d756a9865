"""Sends the message on standard input with smtplib: by what security, trusting whom, and signing in how, is named."""
import smtplib
import ssl
import sys

port, security, ca_file, mechanism, user, secret, sender, recipient = sys.argv[1:]
context = ssl.create_default_context(cafile=ca_file)
if security == 'implicit TLS':
    smtp = smtplib.SMTP_SSL('127.0.0.1', int(port), context=context)
else:
    smtp = smtplib.SMTP('127.0.0.1', int(port))
with smtp:
    if security == 'STARTTLS':
        smtp.starttls(context=context)
    smtp.ehlo()
    smtp.user, smtp.password = user, secret
    ways = {
        'PLAIN': smtp.auth_plain,
        'LOGIN': smtp.auth_login,
        'CRAM-MD5': smtp.auth_cram_md5,
        'XOAUTH2': lambda challenge=None: f'user={user}\x01auth=Bearer {secret}\x01\x01',
        'OAUTHBEARER': lambda challenge=None: f'n,a={user},\x01auth=Bearer {secret}\x01\x01',
    }
    if mechanism:
        smtp.auth(mechanism, ways[mechanism])
    smtp.sendmail(sender, [recipient], sys.stdin.buffer.read())
