"""Sends the message on standard input with smtplib, signing in by the mechanism that is named."""
import smtplib
import sys

port, user, password, mechanism, sender, recipient = sys.argv[1:]
with smtplib.SMTP('127.0.0.1', int(port)) as smtp:
    smtp.ehlo()
    smtp.user, smtp.password = user, password
    smtp.auth(mechanism, {'PLAIN': smtp.auth_plain, 'LOGIN': smtp.auth_login}[mechanism])
    smtp.sendmail(sender, [recipient], sys.stdin.buffer.read())
