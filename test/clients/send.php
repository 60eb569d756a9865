<?php
// Sends a message with an attachment by PHPMailer, signing in by the mechanism that is named.
require getenv('PHPMAILER');

[, $port, $user, $password, $mechanism, $sender, $recipient] = $argv;
$mail = new PHPMailer\PHPMailer\PHPMailer(true);
$mail->isSMTP();
$mail->Host = '127.0.0.1';
$mail->Port = (int) $port;
$mail->SMTPAuth = true;
$mail->SMTPAutoTLS = false;
$mail->AuthType = $mechanism;
$mail->Username = $user;
$mail->Password = $password;
$mail->setFrom($sender, 'Ticket system');
$mail->addAddress($recipient);
$mail->CharSet = 'UTF-8';
$mail->Subject = 'Grüße';
$mail->Body = ".\n..one\nGrüße von PHPMailer\n";
$mail->addStringAttachment(random_bytes(50000), 'noise.bin');
$mail->send();
