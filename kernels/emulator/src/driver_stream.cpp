// Streams and events.
#include <algorithm>

#include "emulator.h"

using namespace weft;

static void create_stream(void** stream, unsigned flags, int priority) {
    require(stream && flags <= 1);
    *stream = new_stream(current_context(), flags, std::clamp(priority, -5, 0));
}

WEFT_EXPORT CUresult cuStreamCreate(void** stream, unsigned flags) {
    return call("cuStreamCreate", "stream", CONTEXT, [&] { create_stream(stream, flags, 0); });
}

WEFT_EXPORT CUresult cuStreamCreateWithPriority(void** stream, unsigned flags, int priority) {
    return call("cuStreamCreateWithPriority", "stream", CONTEXT, [&] { create_stream(stream, flags, priority); });
}

WEFT_EXPORT CUresult cuStreamDestroy_v2(void* stream) {
    return call("cuStreamDestroy_v2", "stream", CONTEXT | IGNORES_STICKY, [&] {
        Stream* s = Emulator::get().streams.get(stream);
        require(s != s->context->null_stream, CUDA_ERROR_INVALID_HANDLE);
        require(!s->capture, CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, "the stream is capturing");
        CUresult sticky = s->context->sticky;
        try {
            drain(s, s->enqueued);
        } catch (DriverError& error) {
            if (!sticky) sticky = error.code;
        }
        destroy(s);
        if (sticky) fail(sticky);
    });
}

WEFT_EXPORT CUresult cuStreamSynchronize(void* stream) {
    return call("cuStreamSynchronize", "synchronize", CONTEXT, [&] {
        Stream* s = stream_of(stream);
        if (s == s->context->null_stream) forbid_legacy_stream_during_capture(s->context);
        synchronize(s);
        if (s != s->context->null_stream) return;
        for (Stream* other : Emulator::get().streams.all())  // the legacy stream stands for all blocking ones
            if (other->context == s->context && !(other->flags & CU_STREAM_NON_BLOCKING) && !other->capture) synchronize(other);
    });
}

// A query makes progress, one operation a call, so that a program that polls comes to an end.
WEFT_EXPORT CUresult cuStreamQuery(void* stream) {
    return call("cuStreamQuery", "synchronize", CONTEXT, [&] {
        Stream* s = stream_of(stream);
        if (s->capture) synchronize(s);
        if (!s->queue.empty()) {
            drain(s, s->completed + 1);
            fail(CUDA_ERROR_NOT_READY);
        }
        join(Emulator::get().host_clock, s->clock);
    });
}

WEFT_EXPORT CUresult cuStreamGetFlags(void* stream, unsigned* flags) {
    return call("cuStreamGetFlags", "stream", CONTEXT, [&] {
        require(flags);
        *flags = stream_of(stream)->flags;
    });
}

WEFT_EXPORT CUresult cuStreamGetPriority(void* stream, int* priority) {
    return call("cuStreamGetPriority", "stream", CONTEXT, [&] {
        require(priority);
        *priority = stream_of(stream)->priority;
    });
}

WEFT_EXPORT CUresult cuStreamGetId(void* stream, unsigned long long* id) {
    return call("cuStreamGetId", "stream", CONTEXT, [&] {
        require(id);
        *id = stream_of(stream)->id;
    });
}

WEFT_EXPORT CUresult cuStreamGetCtx(void* stream, void** context) {
    return call("cuStreamGetCtx", "stream", CONTEXT, [&] {
        require(context);
        *context = stream_of(stream)->context;
    });
}

WEFT_EXPORT CUresult cuLaunchHostFunc(void* stream, CUhostFn function, void* data) {
    return call("cuLaunchHostFunc", "launch", CONTEXT, [&] {
        require(function != nullptr);
        Work w;
        w.kind = Work::HOST;
        w.host_function = function;
        w.user_data = data;
        enqueue(stream_of(stream), std::move(w));
    });
}

WEFT_EXPORT CUresult cuStreamAddCallback(void* stream, void (*callback)(void*, CUresult, void*), void* data, unsigned flags) {
    return call("cuStreamAddCallback", "launch", CONTEXT, [&] {
        require(callback && !flags);
        Stream* s = stream_of(stream);
        if (s->capture) {
            invalidate(*s->capture);
            fail(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED);
        }
        Work w;
        w.kind = Work::HOST;
        w.callback = callback;
        w.user_data = data;
        enqueue(s, std::move(w));
    });
}

WEFT_EXPORT CUresult cuEventCreate(void** event, unsigned flags) {
    return call("cuEventCreate", "event", CONTEXT, [&] {
        require(event && flags < 8);
        auto made = std::make_unique<Event>();
        made->context = current_context();
        made->flags = flags;
        *event = Emulator::get().events.add(std::move(made));
    });
}

WEFT_EXPORT CUresult cuEventDestroy_v2(void* event) {
    return call("cuEventDestroy_v2", "event", CONTEXT | IGNORES_STICKY, [&] {
        Emulator& e = Emulator::get();
        e.events.remove(e.events.get(event));
    });
}

static void record(void* event, void* stream) {
    Emulator& e = Emulator::get();
    Event* x = e.events.get(event);
    Stream* s = stream_of(stream);
    require(x->context == s->context, CUDA_ERROR_INVALID_HANDLE);
    if (s->capture) {  // marks a place among the nodes; it is no node itself
        require(!s->capture->invalidated, CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);
        x->capture = s->capture;
        x->frontier = s->frontier;
        return;
    }
    x->capture.reset();
    x->record = std::make_shared<EventRecord>();
    Work w;
    w.kind = Work::RECORD;
    w.record = x->record;
    enqueue(s, std::move(w));
}

WEFT_EXPORT CUresult cuEventRecord(void* event, void* stream) {
    return call("cuEventRecord", "event", CONTEXT, [&] { record(event, stream); });
}

WEFT_EXPORT CUresult cuEventRecordWithFlags(void* event, void* stream, unsigned flags) {
    return call("cuEventRecordWithFlags", "event", CONTEXT, [&] {
        require(flags == 0, CUDA_ERROR_NOT_SUPPORTED);
        record(event, stream);
    });
}

static void forbid_captured(Event* x) {
    if (!x->capture) return;
    invalidate(*x->capture);
    fail(CUDA_ERROR_CAPTURED_EVENT);
}

WEFT_EXPORT CUresult cuEventQuery(void* event) {
    return call("cuEventQuery", "synchronize", CONTEXT, [&] {
        Emulator& e = Emulator::get();
        Event* x = e.events.get(event);
        forbid_captured(x);
        if (!x->record) return;
        if (!x->record->done && e.streams.has(x->record->stream)) {
            drain(x->record->stream, x->record->stream->completed + 1);
            fail(CUDA_ERROR_NOT_READY);
        }
        join(e.host_clock, x->record->clock);
    });
}

WEFT_EXPORT CUresult cuEventSynchronize(void* event) {
    return call("cuEventSynchronize", "synchronize", CONTEXT, [&] {
        Emulator& e = Emulator::get();
        Event* x = e.events.get(event);
        forbid_captured(x);
        if (!x->record) return;
        if (!x->record->done && e.streams.has(x->record->stream)) drain(x->record->stream, x->record->sequence);
        join(e.host_clock, x->record->clock);
    });
}

WEFT_EXPORT CUresult cuEventElapsedTime(float* milliseconds, void* start, void* end) {
    return call("cuEventElapsedTime", "event", CONTEXT, [&] {
        Emulator& e = Emulator::get();
        Event *a = e.events.get(start), *b = e.events.get(end);
        require(milliseconds);
        forbid_captured(a);
        forbid_captured(b);
        require(a->record && b->record && !((a->flags | b->flags) & CU_EVENT_DISABLE_TIMING), CUDA_ERROR_INVALID_HANDLE);
        require(a->record->done && b->record->done, CUDA_ERROR_NOT_READY);
        *milliseconds = float(b->record->milliseconds - a->record->milliseconds);
    });
}

WEFT_EXPORT CUresult cuStreamWaitEvent(void* stream, void* event, unsigned flags) {
    return call("cuStreamWaitEvent", "event", CONTEXT, [&] {
        Emulator& e = Emulator::get();
        Stream* s = stream_of(stream);
        Event* x = e.events.get(event);
        require(flags <= 1);
        if (x->capture) {  // the waiting stream joins the capture
            require(!x->capture->invalidated, CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);
            if (s == s->context->null_stream) forbid_legacy_stream_during_capture(s->context);
            if (s->capture && s->capture != x->capture) {
                invalidate(*s->capture);
                invalidate(*x->capture);
                fail(CUDA_ERROR_STREAM_CAPTURE_MERGE);
            }
            s->capture = x->capture;
            s->capture->joined.insert(s);
            s->frontier.insert(s->frontier.end(), x->frontier.begin(), x->frontier.end());
            return;
        }
        if (s->capture) {
            if (!x->record) return;
            invalidate(*s->capture);
            fail(CUDA_ERROR_STREAM_CAPTURE_ISOLATION, "wait for an event from outside the capture");
        }
        if (!x->record) return;
        Work w;  // an empty operation that carries the dependency
        enqueue(s, std::move(w), {{x->record->stream, x->record->sequence}}, &x->record->clock);
    });
}
