;; Takes the mask off 64 bytes a round, or puts it on, in place [RFC 6455 §5.3].
;;
;; The source of the bytes in mask-simd.ts; tools/codec/build-mask-simd.ts translates it and a spec
;; compares. Two pages of memory: the first is where frames are read, the second where bytes pass
;; through that must be masked elsewhere.
(module
  (memory (export "memory") 2 2)

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

    (i8x16.bitmask (local.get $union))))
