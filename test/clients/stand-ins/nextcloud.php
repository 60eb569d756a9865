<?php
// Reads a config.php and sends one message by Symfony's mailer, which it sets up as Nextcloud does.
require '/usr/share/php/Symfony/Component/Mailer/autoload.php';
require $argv[1];

$get = fn (string $name, $default) => $CONFIG[$name] ?? $default;
$tls = $get('mail_smtpsecure', null) === 'ssl' ? true : null;
$transport = new Symfony\Component\Mailer\Transport\Smtp\EsmtpTransport($get('mail_smtphost', '127.0.0.1'), $get('mail_smtpport', 25), $tls);
$stream = $transport->getStream();
$stream->setTimeout($get('mail_smtptimeout', 10));
if ($get('mail_smtpauth', false)) {
    $transport->setUsername($get('mail_smtpname', ''));
    $transport->setPassword($get('mail_smtppassword', ''));
}
$stream->setStreamOptions(array_merge_recursive($stream->getStreamOptions(), $get('mail_smtpstreamoptions', [])));
$message = (new Symfony\Component\Mime\Email())
    ->from($get('mail_from_address', '') . '@' . $get('mail_domain', ''))
    ->to($argv[2])
    ->subject('Email setting test')
    ->text('It arrived.');
(new Symfony\Component\Mailer\Mailer($transport))->send($message);
