/* libfaketime 0.9.10 fakes the waits of POSIX threads, but not that of C11 threads, by which librdkafka waits: it
   would hand the kernel a moment of the faked date, and sleep until that date comes. This takes it the way of the
   other, which libfaketime fakes. In the GNU C library both kinds of condition and lock are the same objects. */
#include <errno.h>
#include <pthread.h>
#include <threads.h>
#include <time.h>

int cnd_timedwait(cnd_t *condition, mtx_t *lock, const struct timespec *until) {
  switch (pthread_cond_timedwait((pthread_cond_t *)condition, (pthread_mutex_t *)lock, until)) {
    case 0: return thrd_success;
    case ETIMEDOUT: return thrd_timedout;
    default: return thrd_error;
  }
}
