;; What is done to payload bytes sixteen at a time: taking masks off or putting them on
;; [RFC 6455 §5.3], and turning UTF-8 into UTF-16 while checking it [RFC 3629 §4].
;;
;; The source of the bytes in payload-simd.ts; tools/codec/build-payload-simd.ts translates it and a
;; spec compares. Memory, a page of 64 KiB each, and a last page of slack for the vectors that are
;; written beyond the end of a text:
;;
;;   0  reading slab    where frames are read
;;   1  passing slab    where bytes pass through that are wanted elsewhere
;;   2  read memory     where sockets read to
;;   3  text, 4         UTF-16 units
;;   5  slack
(module
  (memory (export "memory") 6 6)

  ;; mask(at, end, key): XORs the bytes [at, end) with the key, whose lowest byte meets the byte at
  ;; `at`. Returns nonzero when one of the resulting bytes is 0x80 or more.
  (func (export "mask") (param $at i32) (param $end i32) (param $key i32) (result i32)
    (local $keys v128) (local $union v128) (local $last i32) (local $byte i32)
    (local $a v128) (local $b v128) (local $c v128) (local $d v128)
    (local.set $keys (i32x4.splat (local.get $key)))

    ;; While 64 bytes are left: four vectors.
    (local.set $last (i32.sub (local.get $end) (i32.const 64)))
    (block $fewer-than-64
      (loop $next-64
        (br_if $fewer-than-64 (i32.gt_s (local.get $at) (local.get $last)))
        (local.set $a (v128.xor (v128.load (local.get $at)) (local.get $keys)))
        (local.set $b (v128.xor (v128.load offset=16 (local.get $at)) (local.get $keys)))
        (local.set $c (v128.xor (v128.load offset=32 (local.get $at)) (local.get $keys)))
        (local.set $d (v128.xor (v128.load offset=48 (local.get $at)) (local.get $keys)))
        (v128.store (local.get $at) (local.get $a))
        (v128.store offset=16 (local.get $at) (local.get $b))
        (v128.store offset=32 (local.get $at) (local.get $c))
        (v128.store offset=48 (local.get $at) (local.get $d))
        (local.set $union
          (v128.or (local.get $union)
            (v128.or
              (v128.or (local.get $a) (local.get $b))
              (v128.or (local.get $c) (local.get $d)))))
        (local.set $at (i32.add (local.get $at) (i32.const 64)))
        (br $next-64)))

    ;; While 16 bytes are left: one vector.
    (local.set $last (i32.sub (local.get $end) (i32.const 16)))
    (block $fewer-than-16
      (loop $next-16
        (br_if $fewer-than-16 (i32.gt_s (local.get $at) (local.get $last)))
        (local.set $a (v128.xor (v128.load (local.get $at)) (local.get $keys)))
        (v128.store (local.get $at) (local.get $a))
        (local.set $union (v128.or (local.get $union) (local.get $a)))
        (local.set $at (i32.add (local.get $at) (i32.const 16)))
        (br $next-16)))

    ;; The rest byte by byte; the key turns so that its lowest byte is the next one.
    (block $done
      (loop $next
        (br_if $done (i32.ge_s (local.get $at) (local.get $end)))
        (local.set $byte
          (i32.xor
            (i32.load8_u (local.get $at))
            (i32.and (local.get $key) (i32.const 0xff))))
        (i32.store8 (local.get $at) (local.get $byte))
        (local.set $union (v128.or (local.get $union) (i32x4.splat (local.get $byte))))
        (local.set $key (i32.rotr (local.get $key) (i32.const 8)))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $next)))

    (i8x16.bitmask (local.get $union)))

  ;; decode(at, end, out): turns the UTF-8 of [at, end) into UTF-16 at `out`.
  ;; Returns the number of units, with bit 31 set when one of them is above 0xFF; -1 when the bytes
  ;; are not well-formed UTF-8.
  (func (export "decode") (param $at i32) (param $end i32) (param $out i32) (result i32)
    (local $begin i32) (local $union i32) (local $left i32) (local $ascii i32)
    (local $four i32) (local $point i32) (local $size i32)
    (local.set $begin (local.get $out))
    (block $malformed
      (block $done
        (loop $next
          (br_if $done (i32.ge_s (local.get $at) (local.get $end)))

          ;; Eight bytes widened at once; as many of them count as are ASCII, from the first on.
          (v128.store (local.get $out) (v128.load8x8_u (local.get $at)))
          (local.set $left (i32.sub (local.get $end) (local.get $at)))
          (local.set $ascii
            (i32.shr_u
              (i32.wrap_i64
                (i64.ctz
                  (i64.and
                    (i64.load (local.get $at))
                    (i64.const 0x8080808080808080))))
              (i32.const 3)))
          (if (i32.ge_s (local.get $ascii) (local.get $left))
            (then
              (local.set $out
                (i32.add (local.get $out) (i32.shl (local.get $left) (i32.const 1))))
              (br $done)))
          (local.set $at (i32.add (local.get $at) (local.get $ascii)))
          (local.set $out (i32.add (local.get $out) (i32.shl (local.get $ascii) (i32.const 1))))
          (br_if $next (i32.eq (local.get $ascii) (i32.const 8)))

          ;; Code points of more than one byte, as long as they follow each other. Four bytes are
          ;; looked at together, the first of them lowest; one comparison finds the marks of lead
          ;; and tail bytes. Bytes behind the end may be looked at, but then $size is too large.
          (loop $wide
            (local.set $four (i32.load (local.get $at)))
            (local.set $point
              (i32.or
                (i32.shl (i32.and (local.get $four) (i32.const 0x0f)) (i32.const 12))
                (i32.or
                  (i32.and (i32.shr_u (local.get $four) (i32.const 2)) (i32.const 0x0fc0))
                  (i32.and (i32.shr_u (local.get $four) (i32.const 16)) (i32.const 0x3f)))))
            (if (i32.eq (i32.and (local.get $four) (i32.const 0xc0c0f0)) (i32.const 0x8080e0))
              (then
                ;; 1110xxxx 10xxxxxx 10xxxxxx: neither overlong nor a surrogate.
                (local.set $size (i32.const 3))
                (br_if $malformed (i32.lt_u (local.get $point) (i32.const 0x800)))
                (br_if $malformed
                  (i32.eq (i32.and (local.get $point) (i32.const 0xf800)) (i32.const 0xd800)))
                (i32.store16 (local.get $out) (local.get $point)))
              (else
                (if (i32.eq (i32.and (local.get $four) (i32.const 0xc0e0)) (i32.const 0x80c0))
                  (then
                    ;; 110xxxxx 10xxxxxx: not overlong.
                    (local.set $size (i32.const 2))
                    (local.set $point
                      (i32.or
                        (i32.shl (i32.and (local.get $four) (i32.const 0x1f)) (i32.const 6))
                        (i32.and (i32.shr_u (local.get $four) (i32.const 8)) (i32.const 0x3f))))
                    (br_if $malformed (i32.lt_u (local.get $point) (i32.const 0x80)))
                    (i32.store16 (local.get $out) (local.get $point)))
                  (else
                    ;; 11110xxx 10xxxxxx 10xxxxxx 10xxxxxx, U+10000 – U+10FFFF: two surrogates.
                    (local.set $size (i32.const 4))
                    (br_if $malformed
                      (i32.ne
                        (i32.and (local.get $four) (i32.const 0xc0c0c0f8))
                        (i32.const 0x808080f0)))
                    ;; The bits of the first three bytes are in $point already. The last one brings
                    ;; its mark along, 80, which is taken off together with 10000.
                    (local.set $point
                      (i32.sub
                        (i32.add
                          (i32.shl (local.get $point) (i32.const 6))
                          (i32.shr_u (local.get $four) (i32.const 24)))
                        (i32.const 0x10080)))
                    (br_if $malformed (i32.gt_u (local.get $point) (i32.const 0xfffff)))
                    (i32.store16 (local.get $out)
                      (i32.or
                        (i32.const 0xd800)
                        (i32.shr_u (local.get $point) (i32.const 10))))
                    (i32.store16 offset=2 (local.get $out)
                      (i32.or
                        (i32.const 0xdc00)
                        (i32.and (local.get $point) (i32.const 0x3ff))))
                    (local.set $out (i32.add (local.get $out) (i32.const 2)))
                    (local.set $point (i32.const 0xffff))))))
            (local.set $union (i32.or (local.get $union) (local.get $point)))
            (local.set $at (i32.add (local.get $at) (local.get $size)))
            (local.set $out (i32.add (local.get $out) (i32.const 2)))
            (br_if $malformed (i32.gt_s (local.get $at) (local.get $end)))
            (br_if $done (i32.eq (local.get $at) (local.get $end)))
            (br_if $wide (i32.gt_u (i32.load8_u (local.get $at)) (i32.const 0x7f))))
          (br $next)))

      (return
        (i32.or
          (i32.shr_u (i32.sub (local.get $out) (local.get $begin)) (i32.const 1))
          (i32.shl (i32.gt_u (local.get $union) (i32.const 0xff)) (i32.const 31)))))
    (i32.const -1))

  ;; narrow(at, units): turns UTF-16 units, all of them below 0x100, into bytes, in place.
  (func (export "narrow") (param $at i32) (param $units i32)
    (local $out i32) (local $end i32)
    (local.set $out (local.get $at))
    (local.set $end (i32.add (local.get $at) (i32.shl (local.get $units) (i32.const 1))))
    (block $done
      (loop $next
        (br_if $done (i32.ge_s (local.get $at) (local.get $end)))
        (v128.store (local.get $out)
          (i8x16.narrow_i16x8_u
            (v128.load (local.get $at))
            (v128.load offset=16 (local.get $at))))
        (local.set $at (i32.add (local.get $at) (i32.const 32)))
        (local.set $out (i32.add (local.get $out) (i32.const 16)))
        (br $next)))))
