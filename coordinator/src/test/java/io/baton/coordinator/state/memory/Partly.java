package io.baton.coordinator.state.memory;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;

/** Gives an object that has some methods of an interface as that interface; the other methods are not to be called. */
final class Partly {
    private Partly() {}

    static <T> T implemented(Class<T> type, Object by) {
        InvocationHandler handler = (proxy, method, arguments) -> {
            try {
                Method own = by.getClass().getDeclaredMethod(method.getName(), method.getParameterTypes());
                own.setAccessible(true);
                return own.invoke(by, arguments);
            } catch (NoSuchMethodException e) {
                if (method.isDefault()) {
                    return InvocationHandler.invokeDefault(proxy, method, arguments);
                }
                throw new UnsupportedOperationException(method.toString(), e);
            } catch (InvocationTargetException e) {
                throw e.getCause();
            }
        };
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler));
    }
}
