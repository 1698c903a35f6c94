package io.baton.task.crac;

import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The global context, with the properties {@code org.crac} gives it: resources are weakly referenced, told of a checkpoint in
 * reverse order of registration and of a restore in that order; each is told of both, whatever others throw.
 */
final class GlobalContext extends Context<Resource> {
    private final List<WeakReference<Resource>> resources = new ArrayList<>();
    /** Those that were told of a checkpoint and not yet of a restore, kept alive meanwhile; in order of registration. */
    private List<Resource> told = List.of();

    private @Nullable Runnable first;

    /**
     * With nobody in it.
     *
     * @param first called when the first resource is registered
     */
    GlobalContext(Runnable first) {
        this.first = first;
    }

    @Override
    public void register(Resource resource) {
        Runnable begin;
        synchronized (resources) {
            resources.removeIf(reference -> reference.get() == null);
            resources.add(new WeakReference<>(resource));
            begin = first;
            first = null;
        }
        if (begin != null) {
            begin.run();
        }
    }

    private List<Resource> living() {
        List<Resource> living = new ArrayList<>();
        synchronized (resources) {
            for (WeakReference<Resource> reference : resources) {
                Resource resource = reference.get();
                if (resource != null) {
                    living.add(resource);
                }
            }
        }
        return living;
    }

    @Override
    public void beforeCheckpoint(Context<? extends Resource> context) throws CheckpointException {
        told = living();
        CheckpointException failure = new CheckpointException();
        for (int i = told.size() - 1; i >= 0; i--) {
            try {
                told.get(i).beforeCheckpoint(this);
            } catch (CheckpointException e) {
                takeOver(failure, e);
            } catch (Exception e) {
                failure.addSuppressed(e);
            }
        }
        if (failure.getSuppressed().length > 0) {
            throw failure;
        }
    }

    @Override
    public void afterRestore(Context<? extends Resource> context) throws RestoreException {
        RestoreException failure = new RestoreException();
        for (Resource resource : told) {
            try {
                resource.afterRestore(this);
            } catch (RestoreException e) {
                takeOver(failure, e);
            } catch (Exception e) {
                failure.addSuppressed(e);
            }
        }
        told = List.of();
        if (failure.getSuppressed().length > 0) {
            throw failure;
        }
    }

    /** A context's exception only stands for those of its resources. */
    private static void takeOver(Exception failure, Exception ofContext) {
        for (Throwable suppressed : ofContext.getSuppressed()) {
            failure.addSuppressed(suppressed);
        }
    }
}
