;; Passes over message octets that are in order, sixteen at a time: nearly all of a message are.
;; It decides nothing: where it stops, message-scanner.ts looks at each octet. simd-pass.ts holds
;; this text compiled; `npm run compile-wat` does that, and a test compares the two.
(module
  ;; Two pages of 64 KiB. The octets begin at 16, and at 14 and 15 stand the two that came before
  ;; them: so every octet has two others before it, and no state has to be carried along.
  (memory (export "memory") 2)

  ;; How many dots that begin a line the last call has passed, without one that ends what it passed.
  (global $dots (export "dots") (mut i32) (i32.const 0))

  ;; Returns the address of the first sixteen octets that hold a NUL, a CR or LF outside of CRLF, or
  ;; a CR behind a dot that begins a line, as the end of the message does; $end when there are none.
  ;; `$end - $at` is a multiple of 16.
  (func (export "pass") (param $at i32) (param $end i32) (result i32)
    ;; Sixteen places, in each of them an octet, the one before it, and the one before that.
    (local $octet v128)
    (local $before v128)
    (local $beforeThat v128)

    (local $nul v128)
    (local $lf v128)
    (local $cr v128)
    (local $dot v128)

    ;; Where the octet stands behind a dot that begins a line, all bits are set.
    (local $isBehindDot v128)
    (local $count i32)

    (local.set $nul (i8x16.splat (i32.const 0x00)))
    (local.set $lf (i8x16.splat (i32.const 0x0a)))
    (local.set $cr (i8x16.splat (i32.const 0x0d)))
    (local.set $dot (i8x16.splat (i32.const 0x2e)))

    (block $stop
      (loop $sixteen
        (br_if $stop (i32.ge_u (local.get $at) (local.get $end)))

        (local.set $octet (v128.load (local.get $at)))
        (local.set $before (v128.load (i32.sub (local.get $at) (i32.const 1))))
        (local.set $beforeThat (v128.load (i32.sub (local.get $at) (i32.const 2))))

        ;; The LF has a CR before it, or this stops at the LF.
        (local.set $isBehindDot
          (v128.and
            (i8x16.eq (local.get $beforeThat) (local.get $lf))
            (i8x16.eq (local.get $before) (local.get $dot))))

        (br_if $stop
          (v128.any_true
            (v128.or
              (v128.or
                (i8x16.eq (local.get $octet) (local.get $nul))
                ;; Half of a CRLF: only one of the two is where both have to be.
                (v128.xor
                  (i8x16.eq (local.get $before) (local.get $cr))
                  (i8x16.eq (local.get $octet) (local.get $lf))))
              (v128.and
                (local.get $isBehindDot)
                (i8x16.eq (local.get $octet) (local.get $cr))))))

        (local.set $count
          (i32.add
            (local.get $count)
            (i32.popcnt (i8x16.bitmask (local.get $isBehindDot)))))
        (local.set $at (i32.add (local.get $at) (i32.const 16)))
        (br $sixteen)))

    (global.set $dots (local.get $count))
    (local.get $at)))
