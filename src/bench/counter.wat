(module
  (import "bouya" "input" (func $input (param i32)))
  (import "bouya" "get" (func $get (param i32 i32 i32 i32) (result i32)))
  (import "bouya" "set" (func $set (param i32 i32 i32 i32)))
  (memory (export "memory") 1 1)
  (func (export "init"))
  (func (export "view"))
  (func (export "call")
    ;; The slot's key is the input's eight bytes; its value stands behind.
    (call $input (i32.const 0))
    (drop (call $get (i32.const 0) (i32.const 8) (i32.const 8) (i32.const 8)))
    (i64.store (i32.const 8) (i64.add (i64.load (i32.const 8)) (i64.const 1)))
    (call $set (i32.const 0) (i32.const 8) (i32.const 8) (i32.const 8))))
