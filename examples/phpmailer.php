<?php
// PHPMailer through postern. USER and PASSWORD are what `postern login add billing@example.com` printed.

use PHPMailer\PHPMailer\PHPMailer;

require getenv('PHPMAILER') ?: 'vendor/autoload.php';

$mail = new PHPMailer(true);
$mail->isSMTP();
$mail->Host = '127.0.0.1';
$mail->Port = 2587;
$mail->SMTPAuth = true;
$mail->AuthType = 'PLAIN'; // by name: where a login has CRAM-MD5, PHPMailer would try that and nothing else
$mail->Username = 'USER';
$mail->Password = 'PASSWORD';
$mail->SMTPAutoTLS = false; // same machine: no network to protect
// From another machine, where ca.pem of `postern tls make` was copied to, and named in php.ini by openssl.cafile=/etc/ssl/postern-ca.pem:
//   $mail->Host = 'postern.example.com';
//   $mail->SMTPSecure = PHPMailer::ENCRYPTION_STARTTLS;
// in the place of two lines; or for TLS from the first octet ENCRYPTION_SMTPS.

$mail->setFrom('billing@example.com');
$mail->addAddress('someone@example.net');
$mail->Subject = 'Hello from PHP';
$mail->Body = "It arrived.\r\n";
$mail->send();
